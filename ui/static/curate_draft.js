// curate_draft.js: a programme as it is being edited: its words, and its clips in order.
// It knows nothing about the page; it answers what has changed and what can be sent.

const CONTENT = { title: 120, text: 2000, curator: 80, words: 280 };  // the longest that the server takes

function makeProgramme(found) {
  const words = { title: found.title || '', text: found.text || '', curator: found.curator || '' };
  let entries = (found.entries || []).map(({ id, words: said, clip }) => ({ id, words: said, clip }));

  function content() {
    return { ...words, clips: entries.map((entry) => ({ id: entry.id, words: entry.words })) };
  }

  const before = JSON.stringify(content());

  return {
    slug: found.slug || '',
    version: found.version || 0,
    state: found.state || 'draft',
    page: found.page,
    play: found.play,
    words,
    entries: () => entries,
    holds: (id) => entries.some((entry) => entry.id === id),
    isChanged: () => JSON.stringify(content()) !== before,
    body() {
      return this.slug ? { ...content(), version: this.version } : content();
    },
    add(clip) {
      entries = [...entries, { id: clip.id, words: '', clip }];
    },
    remove(entry) {
      entries = entries.filter((each) => each !== entry);
    },
    move(entry, by) {
      const from = entries.indexOf(entry);
      const to = Math.min(entries.length - 1, Math.max(0, from + by));
      entries.splice(to, 0, ...entries.splice(from, 1));
      return to;
    },
  };
}

function clipName(clip, id) {
  if (!clip) return t('curate.missing_clip', { id: id.slice(0, 6) });
  return headingOf(clip);
}

// The id in the link of a clip, however it was copied; null when there is none.
function clipIn(text) {
  const found = /(?:^|\/)([0-9a-f]{16})(?![0-9a-f])/.exec(text.trim());
  return found && found[1];
}
