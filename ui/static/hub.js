// hub.js: for leads, what is in the way on the Hub and what is not gone from there yet, in a band
// under the one of health.js. Where nothing is, there is no band.

const hubBand = el('ul', { class: 'gl-hub-band', hidden: true, 'aria-label': t('hub.title') });

function drawHub(hub) {
  const lines = [
    ...hub.places.filter((place) => place.trouble || place.leaving).map((place) => [place.repo, place.says]),
    ...[...hub.removals, ...hub.troubled].map((copy) => [copy.repo + copy.clip_id, `${copy.clip_id}: ${copy.says}`]),
  ];
  if (!hubBand.isConnected) healthBand.after(hubBand);
  sync(hubBand, lines, ([key]) => key, () => el('li'), (node, [, says]) => put(node, says));
  show(hubBand, lines.length > 0);
}
