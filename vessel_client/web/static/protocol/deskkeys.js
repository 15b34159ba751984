// @ts-check
/** A desk's sealing keys: which one to seal to now, and the check of a signed list (SPEC §5.4). */

import { ed25519, sha256 } from "../../vendor/cryptography.js";
import { concat, equal, utf8 } from "./bytes.js";
import { Code, ProtocolError } from "./errors.js";
import * as limits from "./limits.js";
import { asArray, asBytes, asInteger, unpack } from "./wire.js";

/**
 * One epoch of a desk: the public half to seal to, its 4-byte name, and how long it may be used (Unix seconds).
 * @typedef {{ id: Uint8Array, public: Uint8Array, notBefore: number, notAfter: number }} DeskKey
 */

const LABEL = utf8("seavoice v1 desk keys");
const UNIX_MAX = 2 ** 40;

/**
 * The 4-byte name of a desk's sealing key.
 * @param {Uint8Array} publicKey
 * @returns {Uint8Array}
 */
export function deskKeyId(publicKey) {
  return sha256(publicKey).slice(0, limits.DESK_KEY_ID_BYTES);
}

/**
 * The 8-byte name of the desk that signs with this key.
 * @param {Uint8Array} signingPublic
 * @returns {Uint8Array}
 */
export function deskId(signingPublic) {
  return sha256(signingPublic).slice(0, limits.DESK_ID_BYTES);
}

/**
 * Return the newest key that may be sealed to at `now`; throws `desk-key-expired` where there is none.
 * @param {DeskKey[]} keys
 * @param {number} now Unix seconds
 * @returns {DeskKey}
 */
export function keyInUse(keys, now) {
  const usable = keys.filter((key) => key.notBefore <= now && now < key.notAfter);
  if (!usable.length) {
    throw new ProtocolError(
      Code.KEY_EXPIRED,
      "No key of this desk may be used at the date of this clock. Check the clock; if it is right, connect the " +
        "vessel so that the desk's next key arrives.",
    );
  }
  return usable.reduce((newest, key) => (key.notBefore > newest.notBefore ? key : newest));
}

/**
 * Return when a signed list was issued and its keys; throws `not-authentic` or `malformed-bundle`.
 * The caller keeps the list only if it is newer than the one it holds, so that an old one cannot return.
 * @param {{ desk: Uint8Array, signature: Uint8Array, signed: Uint8Array }} list
 * @param {Uint8Array} signingPublic
 * @returns {{ issuedAt: number, keys: DeskKey[] }}
 */
export function checkKeys({ desk, signature, signed }, signingPublic) {
  if (!isSigned(signature, concat(LABEL, desk, signed), signingPublic)) {
    throw new ProtocolError(Code.NOT_AUTHENTIC, "these desk keys are not signed by the desk");
  }
  if (!equal(desk, deskId(signingPublic))) {
    throw new ProtocolError(
      Code.NOT_AUTHENTIC,
      "these desk keys name another desk than the one that signed them",
    );
  }
  const code = Code.MALFORMED_BUNDLE;
  const [issuedAt, ...rows] = asArray(unpack(signed, code), code, "a key list", {
    least: 2,
    most: 1 + limits.DESK_KEYS_MAX,
  });
  return { issuedAt: asInteger(issuedAt, code, "a date", { most: UNIX_MAX }), keys: rows.map(readKey) };
}

/**
 * @param {Uint8Array} signature
 * @param {Uint8Array} data
 * @param {Uint8Array} signingPublic
 */
function isSigned(signature, data, signingPublic) {
  if (signature.length !== limits.SIGNATURE_BYTES) return false;
  // Strict as RFC 8032 and Python's library are, not as ZIP 215.
  return ed25519.verify(signature, data, signingPublic, { zip215: false });
}

/**
 * @param {any} row
 * @returns {DeskKey}
 */
function readKey(row) {
  const code = Code.MALFORMED_BUNDLE;
  const [key, start, end] = asArray(row, code, "a key", { least: 3, most: 3 });
  const publicKey = asBytes(key, code, "a public key", { least: 32, most: 32 });
  return {
    id: deskKeyId(publicKey),
    public: publicKey,
    notBefore: asInteger(start, code, "a date", { most: UNIX_MAX }),
    notAfter: asInteger(end, code, "a date", { most: UNIX_MAX }),
  };
}
