// batch.js: clips that were sent together, as one group. It knows nothing about how they are shown.

function batchOf(clip) {
  return clip.batch_id || clip.id;
}

// One group for each batch, at the place of its newest clip; inside, in order of their seeds.
function groupsOf(clips) {
  const groups = new Map();
  for (const clip of clips) {
    const id = batchOf(clip);
    if (!groups.has(id)) groups.set(id, { id, clips: [] });
    groups.get(id).clips.push(clip);
  }
  for (const group of groups.values()) group.clips.sort((one, other) => one.seed - other.seed);
  return [...groups.values()];
}
