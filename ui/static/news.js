// news.js: hearing at once that the queue changed, over server-sent events; polling is the reserve.
// It knows nothing about the queue: whoever asks is called.

const GATHER_MS = 120;   // several changes at once are one look
const WITHOUT_MS = 3000;
const WITH_MS = 20000;   // a lease that ran out tells nobody

function listenForNews(heard) {
  let source = null;
  let timer = 0;
  let changed = new Set();

  function open() {
    source = new EventSource('/api/v1/review/events');
    source.addEventListener('queue', (event) => {
      for (const id of JSON.parse(event.data).clips) changed.add(id);
      clearTimeout(timer);
      timer = setTimeout(tell, GATHER_MS);
    });
    source.addEventListener('hello', tell);
  }

  function tell() {
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
    if (!live()) close();
    else if (!source || source.readyState === EventSource.CLOSED) { close(); open(); }
    return setTimeout(tend, source && source.readyState === EventSource.OPEN ? 500 : 2000);
  }

  setTimeout(tend, 0);
  listen(window, 'pagehide', close);
  return { isOpen: () => Boolean(source) && source.readyState === EventSource.OPEN };
}
