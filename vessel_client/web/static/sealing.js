// @ts-check
/** Turns what a person said into sealed bytes that only the desk can open. */

import { boxFacts, nowSeconds, sealingKey } from "./facts.js";
import { languageTag } from "./i18n.js";
import { toHex } from "./protocol/bytes.js";
import { Priority } from "./protocol/box.js";
import { fromTag } from "./protocol/language.js";
import { encode } from "./protocol/message.js";
import { sealReport } from "./protocol/seal.js";

/** @typedef {import("./protocol/message.js").Body} Body */

/**
 * A sealed message as this device keeps it until the box has it. `id` is its reference: sixteen random bytes in
 * hexadecimal, so that handing over twice queues once.
 * @typedef {{
 *   id: string,
 *   priority: number,
 *   lifetime: number,
 *   deskKey: Uint8Array,
 *   sealed: Uint8Array,
 * }} SealedMessage
 */

const REFERENCE_BYTES = 16;
const NEVER_ENDS = 0;
const NO_BYTES = new Uint8Array();

/**
 * Seal one body; throws `desk-key-expired`, `too-large`, or `box-unreachable` where no desk key is known yet.
 * @param {Body} body
 * @param {{ priority: number, mailboxPublic?: Uint8Array, categories?: number[] }} about
 * @returns {Promise<SealedMessage>}
 */
export async function seal(body, { priority, mailboxPublic = NO_BYTES, categories = [] }) {
  const facts = await boxFacts();
  const key = sealingKey(facts);
  const plain = await encode({
    createdAt: nowSeconds(),
    language: fromTag(languageTag()),
    body,
    mailboxPublic,
    categories,
  });
  const sealed = await sealReport(plain, key.public, facts.vessel);
  plain.fill(0);
  return { id: newReference(), priority, lifetime: NEVER_ENDS, deskKey: key.id, sealed };
}

export { Priority };

function newReference() {
  return toHex(crypto.getRandomValues(new Uint8Array(REFERENCE_BYTES)));
}

/** @param {number} sizeBytes */
export function randomBytes(sizeBytes) {
  return crypto.getRandomValues(new Uint8Array(sizeBytes));
}
