// The service worker of tills. It keeps one page, on which codes are sold without a line, and the files that page needs; no
// page of an order, no answer that was made for somebody. VERSION, PAGE and FILES stand above, written by the server from the
// content itself. It serves what lies below /till/ alone.
"use strict";
const SHELF = "opla-till-" + VERSION;

self.addEventListener("install", (event) => event.waitUntil(stock()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));
self.addEventListener("fetch", (event) => {
  const request = event.request;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (FILES.includes(address.pathname + address.search)) event.respondWith(file(request));
});

async function stock() {
  const shelf = await caches.open(SHELF);
  await Promise.all([PAGE, ...FILES].map(async (address) => {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (answer.status !== 200 || answer.redirected) throw new Error(address);
    await shelf.put(address, answer);
  }));
  await self.skipWaiting();
}

async function begin() {
  const old = (await caches.keys()).filter((name) => name.startsWith("opla-till-") && name !== SHELF);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function page(request) {
  try {
    // A line that hangs, or somebody in front of the shop who says that it is away, is no line.
    const answer = await Promise.race([fetch(request), new Promise((_, late) => setTimeout(late, 10000, new Error("late")))]);
    if ([502, 503, 504].includes(answer.status)) throw new Error(String(answer.status));
    return answer;
  } catch {
    return (await (await caches.open(SHELF)).match(PAGE)) || Response.error();
  }
}

async function file(request) {
  return (await (await caches.open(SHELF)).match(request)) || fetch(request);
}
