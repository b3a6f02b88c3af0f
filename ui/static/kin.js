// kin.js: which clips belong together: variants of one prompt, a final and its draft, a new version,
// a remix. It knows nothing about how they are shown.

const SAME_PICTURE = ['prompt', 'seed', 'width', 'height', 'num_frames'];
const CAME_TO_NOTHING = ['failed', 'cancelled'];

// Clips of one batch become one group, at the place of its newest; inside, in order of their seeds.
function groupsOf(clips) {
  const groups = new Map();
  for (const clip of clips) {
    const id = clip.batch_id || clip.id;
    if (!groups.has(id)) groups.set(id, { id, clips: [] });
    groups.get(id).clips.push(clip);
  }
  for (const group of groups.values()) group.clips.sort((one, other) => one.seed - other.seed);
  return [...groups.values()];
}

// The clip this one was made from, and the final or new version that was made from it.
function kinOf(clip, clips) {
  const child = clips.filter((other) => other.parent_id === clip.id && !CAME_TO_NOTHING.includes(other.state))
    .map((other) => ({ clip: other, kind: kindOf(other, { ...clip, own: true }) }))
    .find((found) => ['final', 'version'].includes(found.kind));
  return { parent: parentOf(clip), child: child || null };
}

function parentOf(clip) {
  if (!clip.parent_id) return null;
  if (!clip.parent) return { kind: 'gone', clip: null };
  return { kind: kindOf(clip, clip.parent), clip: clip.parent };
}

function kindOf(child, parent) {
  const isSame = SAME_PICTURE.every((name) => child[name] === parent[name]);
  if (isSame && child.num_inference_steps > parent.num_inference_steps) return 'final';
  if (!parent.own) return 'remix';
  return ['changes_requested', 'superseded'].includes(parent.state) ? 'version' : 'remix_own';
}
