// claim.js: holding the clip on the stage, so that nobody else does the same work: a lease, renewed
// at a third of its time while this page is seen. It knows nothing about decisions.

const CLAIM_AFTER_MS = 200;  // leafing through the queue claims nothing

function claim() {
  const { id } = desk.clip;
  desk.claiming = pause(CLAIM_AFTER_MS).then(() => {
    if (!desk.clip || desk.clip.id !== id) return null;
    return api('POST', '/api/v1/review/claim', { clip_id: id });
  }).then((fresh) => {
    if (!fresh) return null;
    if (!desk.clip || desk.clip.id !== id) return release({ id });
    desk.isMine = true;
    desk.trouble = '';
    return take(fresh);
  }, (error) => {
    if (!desk.clip || desk.clip.id !== id) return;
    desk.isMine = false;
    desk.trouble = sentence(error);
  }).then(() => {
    if (!desk.clip || desk.clip.id !== id) return;
    desk.claiming = null;
    drawDecision();
  });
  return desk.claiming;
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function release(clip) {
  fetch(addressOf(clip, 'release'), { method: 'POST', credentials: 'same-origin', keepalive: true }).catch(() => {});
}

async function renew() {
  if (!desk.isMine) return;
  const { clip } = desk;
  try {
    await api('POST', addressOf(clip, 'claim/renew'));
  } catch (error) {
    if (desk.clip && desk.clip.id === clip.id) desk.isMine = false;
    updates.now();
  }
}

listen(window, 'pagehide', () => {
  if (desk.isMine) release(desk.clip);
  desk.isMine = false;
});
