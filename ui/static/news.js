// news.js: hearing at once that the queue changed, over server-sent events; polling is the reserve.
// It knows nothing about the queue: whoever asks is called, and says how long answering took.

const GATHER_MS = 120;      // several changes at once are one look
const SCATTER_MS = 200;     // and not all desks look at the same instant
const REST = 10;            // a look that took a second is followed by ten of rest
const LONGEST_REST_MS = 10000;
const REFUSED_MS = 30000;
const WITHOUT_MS = 3000;
const WITH_MS = 20000;      // a lease that ran out tells nobody

// `took()`: milliseconds of the last look. `heardReports`: the report queue changed.
function listenForNews(heard, took, heardReports) {
  let source = null;
  let timer = 0;
  let last = 0;
  let changed = new Set();

  function open() {
    source = new EventSource('/api/v1/review/events');
    source.addEventListener('queue', (event) => {
      const { clips } = JSON.parse(event.data);
      for (const id of clips) changed.add(id);
      if (!clips.length) heardReports();  // too much for one telling
      soon();
    });
    source.addEventListener('hello', soon);
    source.addEventListener('reports', heardReports);
  }

  function soon() {
    if (timer) return;
    const rest = last + Math.min(LONGEST_REST_MS, REST * took()) - performance.now();
    timer = setTimeout(tell, Math.max(GATHER_MS + SCATTER_MS * Math.random(), rest));
  }

  function tell() {
    timer = 0;
    last = performance.now();
    heard(changed);
    changed = new Set();
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  // A page that nobody sees holds no line open: browsers have few of them for one place.
  function tend() {
    if (!element.isConnected) return close();
    const isRefused = source && source.readyState === EventSource.CLOSED;
    if (!live() || isRefused) close();
    else if (!source) open();
    return setTimeout(tend, isRefused ? REFUSED_MS : 500);
  }

  setTimeout(tend, 0);
  listen(window, 'pagehide', close);
  return { isOpen: () => Boolean(source) && source.readyState === EventSource.OPEN };
}
