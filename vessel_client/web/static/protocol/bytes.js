// @ts-check
/** Byte strings: joined, compared, and written as text. */

import { Code, ProtocolError } from "./errors.js";

const BASE64URL = /^[A-Za-z0-9_-]*$/;
const CHARACTERS_AT_ONCE = 8192;

/**
 * Join byte strings.
 * @param {...Uint8Array} parts
 * @returns {Uint8Array}
 */
export function concat(...parts) {
  return join(parts);
}

/**
 * Join a list of byte strings, however long.
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array}
 */
export function join(parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  return joined;
}

/**
 * Compare without telling by the time taken where two byte strings of one length differ.
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 */
export function equal(left, right) {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let place = 0; place < left.length; place += 1) difference |= left[place] ^ right[place];
  return difference === 0;
}

/**
 * The bytes of a label or of any other text, as UTF-8.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/**
 * A whole number below 2**53 as big-endian bytes.
 * @param {number} value
 * @param {number} sizeBytes
 */
export function bigEndian(value, sizeBytes) {
  const bytes = new Uint8Array(sizeBytes);
  for (let place = sizeBytes - 1; place >= 0; place -= 1) {
    bytes[place] = value % 256;
    value = Math.floor(value / 256);
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Read hexadecimal; throws `malformed-document`.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function fromHex(text) {
  if (typeof text !== "string" || text.length % 2 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new ProtocolError(Code.MALFORMED_DOCUMENT, "These bytes are not hexadecimal; have them sent again.");
  }
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * Base64url without padding, as all our JSON documents carry bytes.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64url(bytes) {
  let binary = "";
  for (let place = 0; place < bytes.length; place += CHARACTERS_AT_ONCE) {
    binary += String.fromCharCode(...bytes.subarray(place, place + CHARACTERS_AT_ONCE));
  }
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/**
 * Read base64url; throws `malformed-document`.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function fromBase64url(text) {
  if (typeof text !== "string" || !BASE64URL.test(text) || text.length % 4 === 1) {
    throw new ProtocolError(Code.MALFORMED_DOCUMENT, "These bytes are not base64url; have them sent again.");
  }
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}
