// Keeps the files of one version of the page, so that it opens without a network. Never replaces a version that is in
// use by itself: it waits until the page says so (web/src/browser/service_worker.rs), or until no page is open.

// Filled in by `cargo xtask finalize-dist` when Trunk has built the page. With `trunk serve` they stay empty: nothing is kept.
const VERSION = "";
const FILES = [];

const PREFIX = `canyon ${registration.scope} `;
const CACHE = PREFIX + VERSION;
const PAGE = registration.scope;
const KEPT = new Set(FILES.map((name) => new URL(name, PAGE).href));

addEventListener("install", (event) => {
  // What a server answers at the page's address depends on what is asked for: to others than browsers it is no page.
  const request = (url) => new Request(url, { cache: "reload", headers: url === PAGE ? { accept: "text/html" } : {} });
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...KEPT].map(request))));
});

addEventListener("activate", (event) => {
  const outdated = (name) => name.startsWith(PREFIX) && name !== CACHE;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(outdated).map((name) => caches.delete(name)))),
  );
});

addEventListener("message", (event) => {
  if (event.data === "take over") {
    event.waitUntil(skipWaiting());
  }
});

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  // The page reads its query by itself.
  const name = url.replace(/[?#].*/s, "");
  const isPage = name === PAGE && mode === "navigate";
  if (method === "GET" && KEPT.has(name) && (isPage || name !== PAGE)) {
    event.respondWith(keptOrFetched(name, event.request));
  }
});

async function keptOrFetched(name, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(name)) ?? fetch(request);
}
