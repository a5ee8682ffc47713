// What this phone keeps for when there is no network: codes and lines, each sealed with AES-GCM under a key that the
// browser holds and gives to nobody, not even to this script (it cannot be exported). The shop gets none of it.
// One thing kept is a plain object with a `name` (a newer one of the same name takes its place), and `over_at`, the
// moment (ms since 1970) from which it is of no use and is deleted; null keeps it until it is forgotten.
// Nothing here touches a page, so a worker may use it too.
const BASE = "opla-kept";

/** Whether this browser can keep anything: sealing needs a safe origin (https, or this machine itself). */
export function able() {
  return Boolean(globalThis.indexedDB && globalThis.crypto && crypto.subtle);
}

/** Keep it, instead of what was kept under its name. */
export async function keep(thing) {
  const older = (await list()).filter((kept) => kept.name === thing.name);
  await within("readwrite", async (store, key) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(thing)));
    return () => {
      older.forEach((kept) => store().delete(kept.id));
      store().add({ iv, sealed, over_at: thing.over_at || null });
    };
  });
}

/** Everything that is kept, newest first; what is over is deleted. Each has the `id` by which it is forgotten. */
export async function list(now = Date.now()) {
  const found = [];
  await within("readwrite", async (store, key, rows) => {
    const over = rows.filter((row) => row.over_at && row.over_at <= now);
    for (const row of rows.filter((one) => !over.includes(one))) {
      try {
        const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, key, row.sealed);
        found.unshift({ ...JSON.parse(new TextDecoder().decode(plain)), id: row.id });
      } catch {
        over.push(row); // it does not open: somebody changed it, or its key is gone
      }
    }
    return () => over.forEach((row) => store().delete(row.id));
  });
  return found;
}

/** Forget one, by its `id`. */
export async function forget(id) {
  await within("readwrite", async (store) => () => store().delete(id));
}

/** Forget everything, and the key with it. */
export function forgetAll() {
  return done(indexedDB.deleteDatabase(BASE));
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within(mode, work) {
  const opening = indexedDB.open(BASE, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("kept", { keyPath: "id", autoIncrement: true });
    opening.result.createObjectStore("key");
  };
  const base = await done(opening);
  try {
    // A transaction ends while something else is waited for, so what is sealed or opened is so between two of them.
    const rows = await done(base.transaction("kept").objectStore("kept").getAll());
    const key = await own(base);
    const change = await work(() => writing.objectStore("kept"), key, rows);
    const writing = base.transaction("kept", mode);
    const written = new Promise((resolve, reject) => {
      writing.oncomplete = resolve;
      writing.onerror = writing.onabort = () => reject(writing.error);
    });
    change();
    await written;
  } finally {
    base.close();
  }
}

async function own(base) {
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const writing = base.transaction("key", "readwrite").objectStore("key");
  const there = await done(writing.get("aes"));
  if (!there) await done(writing.put(made, "aes"));
  return there || made;
}
