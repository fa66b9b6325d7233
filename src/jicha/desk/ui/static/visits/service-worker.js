// Keeps the page of visits and its files on the phone. KEPT (release, shell, files) is written in front of this text by the server.
// Only files and the page itself are kept here; orders, records and photos lie in the phone's database (store.js).
"use strict";
const CACHE = `jicha-visits-${KEPT.release}`;
const PATIENCE_MS = 4000; // a network that does not answer by then is as good as none

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldReleases().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && url.pathname.startsWith(KEPT.shell)) event.respondWith(page(event.request));
  else if (KEPT.files.includes(url.pathname)) event.respondWith(file(event.request));
});

async function keepAll() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT.files.map((path) => new Request(path, { cache: "reload" })));
  await keepShell(cache, await fetch(KEPT.shell, { credentials: "same-origin", cache: "no-store" }));
}

async function dropOldReleases() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("jicha-visits-") && name !== CACHE).map((name) => caches.delete(name)));
}

// The page is the same for every order: it reads its address. A redirect is the way to the sign-in page and is never kept.
async function keepShell(cache, response) {
  if (response.ok && !response.redirected) await cache.put(KEPT.shell, response.clone());
}

async function page(request) {
  const cache = await caches.open(CACHE);
  const asked = fetch(request);
  try {
    const response = await Promise.race([asked, new Promise((_, tired) => setTimeout(tired, PATIENCE_MS))]);
    if (response.status >= 500) throw new Error(String(response.status));
    await keepShell(cache, response);
    return response;
  } catch {
    return (await cache.match(KEPT.shell)) || asked;
  }
}

async function file(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreSearch: true })) || fetch(request);
}
