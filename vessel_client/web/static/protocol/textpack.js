// @ts-check
/**
 * Compact text: protocol/textpack.py, bit for bit. The priming texts come from ../priming/, one file for each
 * language, loaded when a language is first used.
 *
 * Characters are code points throughout: JavaScript's own string lengths count UTF-16 units.
 */

import { Alphabet, END } from "./alphabet.js";
import { Code, ProtocolError } from "./errors.js";
import { tagOf } from "./language.js";
import * as limits from "./limits.js";
import { BitDecoder, BitEncoder } from "./rangecoder.js";
import { ORDERS_MAX, Reading, WORD, Walk, textOf } from "./textmodel.js";

const VERSION_RAW = 0;
const VERSION_PRIMED_1 = 1;
const WEIGHT_START = 20000;
const HELD_OUT_EVERY = 16;
const HELD_OUT_FIRST = 1;

/**
 * What is known of a language before a message: shared by all messages, changed by none.
 * @typedef {{ reading: Reading, weights: number[][] }} Primed
 */

/** @type {Map<number, Promise<Primed>>} */
const primedLanguages = new Map();

/**
 * Load and read the priming text of a language, so that the first message need not wait for it.
 * Throws `page-incomplete`; call again to try again.
 * @param {number} language
 * @returns {Promise<Primed>}
 */
export function primed(language) {
  let promise = primedLanguages.get(language);
  if (!promise) {
    promise = primingText(language).then((text) => prime(language, text));
    primedLanguages.set(language, promise);
    promise.catch(() => primedLanguages.delete(language));
  }
  return promise;
}

/** @param {number} language */
async function primingText(language) {
  const address = new URL(`../priming/${tagOf(language)}.json`, import.meta.url);
  try {
    const response = await fetch(address.href);
    const document = response.ok ? await response.json() : {};
    if (document.version === VERSION_PRIMED_1 && typeof document.text === "string") return document.text;
  } catch (reason) {
    // Fetch and JSON have these two ways to fail; both end in the sentence below.
    if (!(reason instanceof TypeError || reason instanceof SyntaxError)) throw reason;
  }
  throw new ProtocolError(Code.PAGE_INCOMPLETE, "A part of this page could not be loaded; load the page again.");
}

/**
 * Read the priming text: first most of it, to learn weights on the rest, then all of it.
 * @param {number} language
 * @param {string} text
 * @returns {Primed}
 */
function prime(language, text) {
  const lines = text.replace(/^\n+|\n+$/g, "").split("\n").map(codePoints);
  const alphabet = new Alphabet(language, textOf(lines));
  const isHeldOut = (/** @type {number} */ number) => number % HELD_OUT_EVERY === HELD_OUT_FIRST;
  const most = new Reading(lines.filter((_, number) => !isHeldOut(number)), alphabet);
  const weights = Array.from({ length: ORDERS_MAX + 1 }, () => [...Array(WORD + 1).fill(WEIGHT_START), 0]);
  const rehearsal = { code: (/** @type {number} */ _chance, /** @type {number} */ bit) => bit };
  for (const line of lines.filter((_, number) => isHeldOut(number))) {
    const walk = new Walk(most, weights, rehearsal);
    for (const character of [...line, END]) walk.code(character);
  }
  return { reading: new Reading(lines, alphabet), weights };
}

/**
 * A fresh walk for one message.
 * @param {Primed} primed
 * @param {import("./rangecoder.js").BitCoder} coder
 */
function walkOf({ reading, weights }, coder) {
  return new Walk(reading, weights.map((row) => [...row]), coder);
}

/**
 * @param {string} text
 * @returns {number[]}
 */
function codePoints(text) {
  return Array.from(text, (character) => /** @type {number} */ (character.codePointAt(0)));
}

/**
 * How many characters a text has, as the limit on them counts.
 * @param {string} text
 */
export function characterCount(text) {
  return codePoints(text).length;
}

/**
 * Return `text` packed with the model of its language, or raw where that is shorter.
 * Throws `too-large` (send it in two messages), `malformed-text` (half a character) or `page-incomplete`.
 * @param {string} text
 * @param {number} language
 * @returns {Promise<Uint8Array>}
 */
export async function packText(text, language) {
  const characters = codePoints(text);
  if (characters.length > limits.TEXT_CHARACTERS_MAX) {
    throw new ProtocolError(
      Code.TOO_LARGE,
      `The text has ${characters.length} characters; ${limits.TEXT_CHARACTERS_MAX} are allowed: split it in two.`,
    );
  }
  if (characters.some((character) => character >= 0xd800 && character <= 0xdfff)) {
    throw new ProtocolError(
      Code.MALFORMED_TEXT,
      "The text holds half a character (a lone surrogate); remove it.",
    );
  }
  const coder = new BitEncoder();
  const walk = walkOf(await primed(language), coder);
  for (const character of characters) walk.code(character);
  walk.code(END);
  const packed = coder.finish();
  const raw = new TextEncoder().encode(text);
  return raw.length <= packed.length
    ? Uint8Array.of(VERSION_RAW, ...raw)
    : Uint8Array.of(VERSION_PRIMED_1, ...packed);
}

/**
 * Return the text that `packText` was given for the same language; throws `malformed-text`.
 * @param {Uint8Array} packed
 * @param {number} language
 * @returns {Promise<string>}
 */
export async function unpackText(packed, language) {
  if (!packed.length) throw malformed("The packed text has no version byte; have it sent again.");
  if (packed[0] === VERSION_RAW) return unpackRaw(packed.subarray(1));
  if (packed[0] !== VERSION_PRIMED_1) {
    throw malformed(`The packed text has version ${packed[0]}, unknown here; upgrade this program.`);
  }
  const decoder = new BitDecoder(packed.subarray(1));
  const walk = walkOf(await primed(language), decoder);
  const characters = [];
  for (let character = walk.code(0); character !== END; character = walk.code(0)) {
    characters.push(character);
    if (decoder.ranDry || characters.length > limits.TEXT_CHARACTERS_MAX) {
      throw malformed("The packed text does not end where it should; have it sent again.");
    }
  }
  if (!decoder.endsCleanly()) {
    throw malformed("The packed text goes on after its end; have it sent again.");
  }
  return String.fromCodePoint(...characters);
}

/** @param {string} sentence */
function malformed(sentence) {
  return new ProtocolError(Code.MALFORMED_TEXT, sentence);
}

/** @param {Uint8Array} body */
function unpackRaw(body) {
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (reason) {
    if (!(reason instanceof TypeError)) throw reason;
    throw malformed("The raw text is not UTF-8; have it sent again.");
  }
  if (characterCount(text) > limits.TEXT_CHARACTERS_MAX) {
    throw malformed(`The raw text has more than ${limits.TEXT_CHARACTERS_MAX} characters.`);
  }
  return text;
}
