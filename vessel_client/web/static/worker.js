// @ts-check
/* eslint-env serviceworker */
/**
 * Keeps the page working while the box reboots or is out of reach, and hands over what waits on this phone once the
 * Wi-Fi is back. The box writes the version and the list of files in when it serves this.
 */

const VERSION = "PAGE-VERSION";
const FILES = ["PAGE-FILES"];
const SHELL = "/";
const COVER = "/weather";
const DOCUMENTS = new Map([["/", SHELL], ["/technician", SHELL], [COVER, COVER]]);
const CACHE = `page-${VERSION}`;

/** @type {any} */
const worker = self;

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(fill().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(dropOldVersions().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (DOCUMENTS.has(url.pathname)) event.respondWith(keptDocument(DOCUMENTS.get(url.pathname) ?? SHELL, event.request));
  else if (url.pathname.startsWith("/page/")) event.respondWith(keptFile(event.request));
});

worker.addEventListener("sync", (/** @type {any} */ event) => {
  if (event.tag === "outbox") event.waitUntil(handOverAll());
});

async function fill() {
  const cache = await caches.open(CACHE);
  const files = FILES.map((name) => `/page/${VERSION}/${name}`);
  await cache.addAll([SHELL, COVER, ...files]);
}

async function dropOldVersions() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

/**
 * @param {string} address
 * @param {Request} request
 */
async function keptDocument(address, request) {
  const kept = await caches.match(address, { cacheName: CACHE });
  return kept ?? fetch(request);
}

/** @param {Request} request */
async function keptFile(request) {
  const kept = await caches.match(request, { cacheName: CACHE });
  if (kept) return kept;
  const response = await fetch(request);
  // Sounds and fonts come here when somebody first needs them; a part of a sound is no file to keep.
  if (response.status === 200) await (await caches.open(CACHE)).put(request, response.clone());
  return response;
}

async function handOverAll() {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open("seavoice", 1);
    // The page makes the stores; without them nothing waits.
    request.onupgradeneeded = () => request.transaction?.abort();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const waiting = await result(database.transaction("outbox").objectStore("outbox").getAll());
  for (const message of waiting) {
    const response = await fetch("/v1/bundles", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        ref: message.id,
        priority: message.priority,
        lifetime: message.lifetime,
        desk_key: hex(message.deskKey),
        sealed: base64url(message.sealed),
      }),
    });
    if (!response.ok) throw new Error(`the box refused with ${response.status}`);
    await result(database.transaction("outbox", "readwrite").objectStore("outbox").delete(message.id));
  }
}

/**
 * @param {IDBRequest} request
 * @returns {Promise<any>}
 */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
