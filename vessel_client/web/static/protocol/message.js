// @ts-check
/** What is inside the seal: protocol/message.py, byte for byte. */

import { Code, ProtocolError } from "./errors.js";
import { LANGUAGE_MAX } from "./language.js";
import * as limits from "./limits.js";
import { paddedSize } from "./padding.js";
import { packText, unpackText } from "./textpack.js";
import { asArray, asBytes, asInteger, asMap, pack, unpackPrefix } from "./wire.js";

/**
 * `packed` is what `packVoice` made; `noteId` is six bytes that the thin and the clear form of one note share,
 * empty where there is only one form; `answers` says yes or no by question number.
 *
 * @typedef {{ kind: "text", text: string }} TextBody
 * @typedef {{ kind: "voice", packed: Uint8Array, noteId: Uint8Array }} VoiceBody
 * @typedef {{ kind: "check-in", wellBeing: number, answers: Map<number, boolean> }} CheckInBody
 * @typedef {TextBody | VoiceBody | CheckInBody} Body
 */

/**
 * One message, in either direction. `mailboxPublic` has 32 bytes to which answers are sealed, or none.
 * @typedef {{
 *   createdAt: number,
 *   language: number,
 *   body: Body,
 *   mailboxPublic: Uint8Array,
 *   categories: number[],
 * }} Message
 */

/** What a report is about (people.md). Numbers never change their meaning. */
export const Category = Object.freeze({
  UNPAID_WAGES: 1,
  DEDUCTIONS: 2,
  REMITTANCE_NOT_SENT: 3,
  DEBT: 4,
  CONTRACT_NOT_UNDERSTOOD: 5,
  CONTRACT_REPLACED: 6,
  CONTRACT_EXPIRED: 7,
  MOVED_TO_ANOTHER_VESSEL: 8,
  PAPERS_KEPT: 9,
  VIOLENCE: 10,
  SEXUAL_VIOLENCE: 11,
  THREATS: 12,
  SUICIDE: 13,
  TOO_LITTLE_REST: 14,
  FOOD_OR_WATER: 15,
  PLACE_TO_SLEEP: 16,
  SAFETY_GEAR: 17,
  INJURY: 18,
  ILLNESS: 19,
  SWOLLEN_OR_BREATHLESS: 20,
  NOT_ALLOWED_ASHORE: 21,
  NOT_TAKEN_HOME: 22,
  ABANDONED: 23,
  MISSING: 24,
  OVERBOARD: 25,
  DEAD: 26,
  CHILD_WORKING: 27,
  ILLEGAL_FISHING: 28,
  OFFICIAL_MISCONDUCT: 29,
  PUNISHED_FOR_SPEAKING: 30,
});

/** Urgent without asking; violence is asked about, since only violence now is (people.md). */
export const URGENT_CATEGORIES = Object.freeze([
  Category.SUICIDE,
  Category.INJURY,
  Category.ILLNESS,
  Category.SWOLLEN_OR_BREATHLESS,
  Category.ABANDONED,
  Category.MISSING,
  Category.OVERBOARD,
  Category.DEAD,
]);

/** What a check-in says. `DURESS` is made by the same gesture as `WELL`, held long. */
export const WellBeing = Object.freeze({ WELL: 1, UNWELL: 2, HELP: 3, DURESS: 4 });

const Key = Object.freeze({
  CREATED_AT: 0,
  LANGUAGE: 1,
  MAILBOX: 2,
  CATEGORIES: 3,
  TEXT: 4,
  VOICE: 5,
  NOTE_ID: 6,
  CHECK_IN: 7,
  ANSWERS: 8,
});

const BODY_KEYS = [Key.TEXT, Key.VOICE, Key.CHECK_IN];
const KNOWN_CATEGORIES = new Set(/** @type {number[]} */ (Object.values(Category)));
const CREATED_AT_MAX = 2 ** 40;

/**
 * Return the plaintext to seal, padded. Throws `too-large` where a text, a note or a list is longer than its
 * limit, and what `packText` throws.
 * @param {Message} message
 * @returns {Promise<Uint8Array>}
 */
export async function encode(message) {
  const { categories } = message;
  if (categories.length > limits.CATEGORIES_MAX) {
    throw new ProtocolError(
      Code.TOO_LARGE,
      `a message has at most ${limits.CATEGORIES_MAX} categories; choose the main ones`,
    );
  }
  /** @type {Map<number, any>} */
  const fields = new Map([[Key.CREATED_AT, message.createdAt]]);
  if (message.language) fields.set(Key.LANGUAGE, message.language);
  if (message.mailboxPublic.length) fields.set(Key.MAILBOX, message.mailboxPublic);
  if (categories.length) fields.set(Key.CATEGORIES, categories);
  await addBody(fields, message);
  const plain = pack(fields);
  const padded = new Uint8Array(paddedSize(plain.length));
  padded.set(plain);
  return padded;
}

/**
 * @param {Map<number, any>} fields
 * @param {Message} message
 */
async function addBody(fields, { body, language }) {
  if (body.kind === "text") {
    fields.set(Key.TEXT, await packText(body.text, language));
  } else if (body.kind === "voice") {
    if (body.packed.length > limits.VOICE_PACKED_BYTES_MAX) {
      throw new ProtocolError(Code.TOO_LARGE, "this recording is too long; record it again in two parts");
    }
    fields.set(Key.VOICE, body.packed);
    if (body.noteId.length) fields.set(Key.NOTE_ID, body.noteId);
  } else {
    fields.set(Key.CHECK_IN, body.wellBeing);
    const sorted = Array.from(body.answers).sort(([left], [right]) => left - right);
    /** @type {Map<number, number>} */
    const listed = new Map(sorted.map(([question, answer]) => [question, answer ? 1 : 0]));
    if (listed.size) fields.set(Key.ANSWERS, listed);
  }
}

/** @param {string} sentence */
function malformed(sentence) {
  return new ProtocolError(Code.MALFORMED_MESSAGE, sentence);
}

/**
 * Read what a seal contained; throws `malformed-message` or `malformed-text`.
 * @param {Uint8Array} plain
 * @returns {Promise<Message>}
 */
export async function decode(plain) {
  const code = Code.MALFORMED_MESSAGE;
  const { value, end } = unpackPrefix(plain, code);
  if (plain.subarray(end).some((byte) => byte !== 0)) throw malformed("the padding is not all zeros");
  const fields = asMap(value, code, "a message");
  const bodies = BODY_KEYS.filter((key) => fields.has(key));
  if (bodies.length !== 1) throw malformed("a message has exactly one body");
  const language = asInteger(fieldOr(fields, Key.LANGUAGE, 0), code, "a language", { most: LANGUAGE_MAX });
  return {
    createdAt: asInteger(fields.get(Key.CREATED_AT), code, "a time", { most: CREATED_AT_MAX }),
    language,
    body: await readBody(bodies[0], fields, language),
    mailboxPublic: bytesOfSize(fields, Key.MAILBOX, limits.X25519_KEY_BYTES, "a mailbox key"),
    categories: readCategories(fieldOr(fields, Key.CATEGORIES, [])),
  };
}

/**
 * @param {Map<number, any>} fields
 * @param {number} key
 * @param {any} otherwise
 */
function fieldOr(fields, key, otherwise) {
  return fields.has(key) ? fields.get(key) : otherwise;
}

/**
 * Bytes of exactly this size, or none where the field is missing.
 * @param {Map<number, any>} fields
 * @param {number} key
 * @param {number} sizeBytes
 * @param {string} what
 */
function bytesOfSize(fields, key, sizeBytes, what) {
  const value = fieldOr(fields, key, new Uint8Array());
  const bytes = asBytes(value, Code.MALFORMED_MESSAGE, what, { most: sizeBytes });
  if (bytes.length && bytes.length !== sizeBytes) throw malformed(`${what} has ${sizeBytes} bytes`);
  return bytes;
}

/** @param {any} value */
function readCategories(value) {
  const code = Code.MALFORMED_MESSAGE;
  const listed = asArray(value, code, "categories", { most: limits.CATEGORIES_MAX });
  const numbers = listed.map((number) => asInteger(number, code, "a category", { most: 255 }));
  // The other side may know categories that this page does not; the message matters more.
  return numbers.filter((number) => KNOWN_CATEGORIES.has(number));
}

/**
 * @param {number} key
 * @param {Map<number, any>} fields
 * @param {number} language
 * @returns {Promise<Body>}
 */
async function readBody(key, fields, language) {
  const code = Code.MALFORMED_MESSAGE;
  if (key === Key.TEXT) {
    const packed = asBytes(fields.get(key), code, "a text", { most: limits.TEXT_UTF8_BYTES_MAX + 1 });
    return { kind: "text", text: await unpackText(packed, language) };
  }
  if (key === Key.VOICE) {
    const bounds = { least: 1, most: limits.VOICE_PACKED_BYTES_MAX };
    const packed = asBytes(fields.get(key), code, "a voice note", bounds);
    const noteId = bytesOfSize(fields, Key.NOTE_ID, limits.NOTE_ID_BYTES, "a note id");
    return { kind: "voice", packed, noteId };
  }
  const wellBeing = asInteger(fields.get(key), code, "a check-in", { least: 1, most: WellBeing.DURESS });
  /** @type {Map<number, boolean>} */
  const answers = new Map();
  asMap(fieldOr(fields, Key.ANSWERS, new Map()), code, "answers").forEach((answer, question) => {
    const number = asInteger(question, code, "a question", { most: 255 });
    answers.set(number, asInteger(answer, code, "an answer", { most: 1 }) === 1);
  });
  return { kind: "check-in", wellBeing, answers };
}
