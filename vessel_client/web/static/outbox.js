// @ts-check
/**
 * Hands sealed messages to the box. A message is kept here first, so that a box which reboots, or a phone that is
 * out of reach, loses nothing; it is let go once the box has a number for it.
 */

import { box } from "./facts.js";
import { fromHex } from "./protocol/bytes.js";
import { Code, ProtocolError } from "./protocol/errors.js";
import { Store, keep, list, remove } from "./storage.js";

/** @typedef {import("./sealing.js").SealedMessage} SealedMessage */

const TRY_AGAIN_MS = 10_000;

/** The box said no for now, not for ever. */
const FOR_NOW = new Set([
  Code.BOX_UNREACHABLE, Code.BOX_FAILED, "queue-full", "disk-full", "store-failed", "too-many-requests",
]);

/** @type {Set<(reference: string, number: number) => void>} */
const listeners = new Set();

/**
 * Be told when the box has taken a message.
 * @param {(reference: string, number: number) => void} listener
 */
export function onTaken(listener) {
  listeners.add(listener);
}

/**
 * Keep a sealed message and hand it over at once if the box is there.
 * Returns its number, or null where the box does not answer and the message waits here.
 * Throws the code of the box's refusal, or `storage-full` where it can neither be handed over nor kept.
 * @param {SealedMessage} message
 * @returns {Promise<number | null>}
 */
export async function handOver(message) {
  const kept = await keep(Store.OUTBOX, message).then(
    () => null,
    (/** @type {unknown} */ reason) => reason,
  );
  try {
    return await give(message);
  } catch (reason) {
    if (kept !== null) throw reason instanceof ProtocolError ? kept : reason;
    if (!(reason instanceof ProtocolError)) throw reason;
    // It goes by itself once the box is there, or has less to do.
    if (reason.code === Code.BOX_UNREACHABLE || reason.code === "too-many-requests") {
      askForBackgroundSync();
      return null;
    }
    // The person learns of the refusal and decides; a copy left here would go a second time, sealed anew.
    if (!FOR_NOW.has(reason.code)) await remove(Store.OUTBOX, message.id);
    throw reason;
  }
}

/**
 * @param {SealedMessage} message
 * @returns {Promise<number>}
 */
async function give(message) {
  const { number } = await box.queue({
    reference: fromHex(message.id),
    priority: message.priority,
    lifetime: message.lifetime,
    deskKey: message.deskKey,
    sealed: message.sealed,
  });
  await remove(Store.OUTBOX, message.id).catch(() => null);
  for (const listener of listeners) listener(message.id, number);
  return number;
}

/**
 * Hand over everything that waits here; returns how many the box took.
 * @returns {Promise<number>}
 */
export async function handOverAll() {
  let taken = 0;
  for (const message of await waiting()) {
    try {
      await give(message);
      taken += 1;
    } catch (reason) {
      if (!(reason instanceof ProtocolError)) throw reason;
      if (FOR_NOW.has(reason.code)) break;
    }
  }
  return taken;
}

/** How many messages wait here. */
export async function waitingCount() {
  return (await waiting()).length;
}

/** @returns {Promise<SealedMessage[]>} */
async function waiting() {
  try {
    return await list(Store.OUTBOX);
  } catch (reason) {
    if (!(reason instanceof ProtocolError)) throw reason;
    return [];
  }
}

/**
 * Try again whenever there is a chance; `changed` is told how many the box took.
 * @param {(taken: number) => void} changed
 */
export function keepTrying(changed) {
  const tryNow = () =>
    handOverAll().then((taken) => {
      if (taken) changed(taken);
    });
  addEventListener("online", tryNow);
  setInterval(tryNow, TRY_AGAIN_MS);
  void tryNow();
}

function askForBackgroundSync() {
  // Where it exists, the browser wakes our service worker once the Wi-Fi is back, with the page closed.
  navigator.serviceWorker?.ready.then((/** @type {any} */ ready) => ready.sync?.register("outbox")).catch(() => null);
}
