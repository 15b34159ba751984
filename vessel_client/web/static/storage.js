// @ts-check
/**
 * What stays on this device between visits: messages and drafts, all sealed to the desk, and the desk's public
 * keys. Nothing here can be read by anybody on the vessel, this page included (docs/decisions/0050).
 */

import { Code, ProtocolError } from "./protocol/errors.js";

export const StorageCode = Object.freeze({ FULL: "storage-full" });

const DATABASE = "seavoice";
const SCHEMA = 1;

export const Store = Object.freeze({ DRAFTS: "drafts", OUTBOX: "outbox", FACTS: "facts" });

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, SCHEMA);
    request.onupgradeneeded = () => {
      for (const name of Object.values(Store)) request.result.createObjectStore(name, { keyPath: "id" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => {
    opened = null;
  });
  return opened;
}

/**
 * @template T
 * @param {string} store
 * @param {IDBTransactionMode} mode
 * @param {(objects: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
async function transact(store, mode, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: "strict" });
      const request = work(transaction.objectStore(store));
      // Only the transaction's end means that it is on the disk.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  } catch (reason) {
    if (!(reason instanceof DOMException)) throw reason;
    throw new ProtocolError(
      reason.name === "QuotaExceededError" ? StorageCode.FULL : Code.LOCAL,
      `This device keeps nothing now (${reason.name}); leave the page open until the box has the message.`,
    );
  }
}

/**
 * Keep an entry under its `id`; throws `storage-full` or `local-error`.
 * @param {string} store
 * @param {{ id: string } & Record<string, any>} entry
 */
export async function keep(store, entry) {
  await transact(store, "readwrite", (objects) => objects.put(entry));
}

/**
 * @param {string} store
 * @param {string} id
 * @returns {Promise<any>}
 */
export function find(store, id) {
  return transact(store, "readonly", (objects) => objects.get(id));
}

/**
 * @param {string} store
 * @returns {Promise<any[]>}
 */
export function list(store) {
  return transact(store, "readonly", (objects) => objects.getAll());
}

/**
 * @param {string} store
 * @param {string} id
 */
export async function remove(store, id) {
  await transact(store, "readwrite", (objects) => objects.delete(id));
}
