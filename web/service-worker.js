// Caches the files of one version of the page, so that it opens offline. A new version replaces one that is in use only
// when the page requests it (web/src/browser/service_worker.rs), or when no page is open.

// Filled in by `cargo xtask finalize-dist` when Trunk has built the page. With `trunk serve` they stay empty, and nothing is cached.
const VERSION = "";
const FILES = [];

const PREFIX = `canyon ${registration.scope} `;
const CACHE = PREFIX + VERSION;
const PAGE = registration.scope;
const CACHED = new Set(FILES.map((name) => new URL(name, PAGE).href));

addEventListener("install", (event) => {
  // A server returns the page at this address only to requests that accept HTML.
  const request = (url) => new Request(url, { cache: "reload", headers: url === PAGE ? { accept: "text/html" } : {} });
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...CACHED].map(request))));
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
  // The page itself reads its query.
  const name = url.replace(/[?#].*/s, "");
  const isPage = name === PAGE && mode === "navigate";
  if (method === "GET" && CACHED.has(name) && (isPage || name !== PAGE)) {
    event.respondWith(cachedOrFetched(name, event.request));
  }
});

async function cachedOrFetched(name, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(name)) ?? fetch(request);
}
