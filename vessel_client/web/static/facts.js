// @ts-check
/** What the page must know of the box in order to seal: asked anew when the box is there, remembered for when not. */

import { Box } from "./protocol/box.js";
import { keyInUse } from "./protocol/deskkeys.js";
import { Code, ProtocolError } from "./protocol/errors.js";
import { Store, find, keep } from "./storage.js";

/** @typedef {import("./protocol/box.js").BoxDescription} BoxDescription */
/** @typedef {import("./protocol/deskkeys.js").DeskKey} DeskKey */

export const box = new Box();

const ID = "box";

/** @type {Promise<BoxDescription> | null} */
let known = null;

/**
 * The box's description; throws `box-unreachable` where this device never met a box.
 * @returns {Promise<BoxDescription>}
 */
export function boxFacts() {
  known ??= ask();
  known.catch(() => {
    known = null;
  });
  return known;
}

/** Ask the box again, for instance because it has a newer key of the desk. */
export function refreshFacts() {
  known = null;
  return boxFacts();
}

/** @returns {Promise<BoxDescription>} */
async function ask() {
  try {
    const facts = await box.describe();
    await keep(Store.FACTS, { id: ID, facts }).catch(ignoreFullDevice);
    return facts;
  } catch (reason) {
    if (!(reason instanceof ProtocolError) || reason.code !== Code.BOX_UNREACHABLE) throw reason;
    const kept = await find(Store.FACTS, ID).catch(ignoreFullDevice);
    if (kept) return kept.facts;
    throw reason;
  }
}

/** @param {unknown} reason */
function ignoreFullDevice(reason) {
  // The facts are a convenience; a device that keeps nothing still works beside its box.
  if (!(reason instanceof ProtocolError)) throw reason;
}

/**
 * The key to seal to now; throws `desk-key-expired`.
 * @param {BoxDescription} facts
 * @returns {DeskKey}
 */
export function sealingKey(facts) {
  // A box or phone without a battery for its clock wakes up in the past: no key can be younger than now.
  const earliest = Math.min(...facts.deskKeys.map((key) => key.notBefore));
  return keyInUse(facts.deskKeys, Math.max(nowSeconds(), earliest));
}

/** Unix seconds, whole. */
export function nowSeconds() {
  return Math.floor(Date.now() / 1000);
}
