// The shop's service worker. It keeps the page that is shown without a network, and the few files that page needs, and
// nothing else: the page that reads a seller's QR with the shop's public keys, and no page of an order, no answer that was made for somebody (all of it is fetched without cookies).
// Whatever is posted goes past it: nothing is kept to be sent later. VERSION, PAGES, VERIFY and FILES stand above, written by
// the server from the content itself, so another content is another worker. A new worker waits until the last page of
// the old one is closed: no open page finds its files gone.
"use strict";
const SHELF = "opla-shelf-" + VERSION;
const SAID = "opla-said"; // the language that was last spoken, and which page a notification is about

self.addEventListener("install", (event) => event.waitUntil(stock()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));
self.addEventListener("message", (event) => event.waitUntil(told(event.data || {})));
self.addEventListener("push", (event) => event.waitUntil(notify(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (FILES.includes(address.pathname + address.search)) event.respondWith(file(request));
});

async function stock() {
  const shelf = await caches.open(SHELF);
  await Promise.all([...Object.values(PAGES), ...Object.values(VERIFY), ...FILES].map(async (address) => {
    const answer = await fetch(address, { credentials: "omit" });
    if (answer.status !== 200 || answer.redirected) throw new Error(address);
    await shelf.put(address, answer);
  }));
}

async function begin() {
  const old = (await caches.keys()).filter((name) => name.startsWith("opla-shelf-") && name !== SHELF);
  await Promise.all(old.map((name) => caches.delete(name)));
  // The page is asked for while this worker still wakes up: on a slow phone that is half a second won.
  if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
}

async function page(event) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    const shelf = await caches.open(SHELF);
    const pages = new URL(event.request.url).pathname.startsWith("/verify/") ? VERIFY : PAGES;
    return (await shelf.match(pages[await language()])) || Response.error();
  }
}

async function file(request) {
  const shelf = await caches.open(SHELF);
  return (await shelf.match(request)) || fetch(request);
}

async function language() {
  const said = await (await caches.open(SAID)).match("/said/language");
  const wanted = said ? await said.text() : self.navigator.language;
  if (wanted in PAGES) return wanted;
  const short = wanted.slice(0, 2).toLowerCase();
  return Object.keys(PAGES).find((tag) => tag.slice(0, 2) === short) || "en";
}

async function told(message) {
  if (message.language in PAGES) {
    await (await caches.open(SAID)).put("/said/language", new Response(message.language));
  }
  if (message.about) {
    const said = await caches.open(SAID), name = "/said/" + encodeURIComponent(message.about);
    await (message.place ? said.put(name, new Response(message.place)) : said.delete(name));
  }
  if (message.forget) {
    await caches.delete(SAID);
    indexedDB.deleteDatabase("opla-kept");
  }
}

async function notify(data) {
  let said = {};
  try {
    said = data ? data.json() : {};
  } catch {
    // Not of ours. A browser wants something shown for whatever comes.
  }
  await self.registration.showNotification(said.title || "Opla", {
    body: said.body || "",
    tag: said.tag || "opla",
    lang: said.lang || "",
    icon: ICON,
  });
}

async function open(notification) {
  notification.close();
  const said = await (await caches.open(SAID)).match("/said/" + encodeURIComponent(notification.tag));
  const place = said ? await said.text() : "/kept/";
  // Only a page of this shop, whatever was kept.
  if (new URL(place, self.location.origin).origin === self.location.origin) await self.clients.openWindow(place);
}
