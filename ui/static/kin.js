// kin.js: which clip comes from which: a final from its draft, a new version, a remix. It knows
// nothing about how they are shown, nor about variants (batch.js).

const SAME_PICTURE = ['prompt', 'seed', 'width', 'height', 'num_frames'];
const CAME_TO_NOTHING = ['failed', 'cancelled'];

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
