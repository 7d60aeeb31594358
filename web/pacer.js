// A worker that tells when a time has come. Browsers hold back the timers of a page in a background tab, to one
// a second and then to one a minute, but not those of a worker.
let timer;

onmessage = ({ data: milliseconds }) => {
  clearTimeout(timer);
  timer = setTimeout(() => postMessage(null), milliseconds);
};
