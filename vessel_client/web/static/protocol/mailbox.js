// @ts-check
/**
 * The receipt code, and the mailbox that it opens: protocol/mailbox.py (SPEC §7).
 *
 * Deriving a mailbox takes 64 MiB and holds its thread for about a second. In a worker, hand over the digits and
 * call `ReceiptCode.fromDigits(digits).openMailbox()` there: nothing here needs a document.
 */

import { argon2id, sha256, x25519 } from "../../vendor/cryptography.js";
import { bigEndian, concat, utf8 } from "./bytes.js";
import { Code, ProtocolError } from "./errors.js";
import * as limits from "./limits.js";

/** @typedef {{ id: Uint8Array, private: Uint8Array, public: Uint8Array }} Mailbox */

export const PICTURES = 10;
export const PICTURE_KINDS = 64;
export const ARGON2_PASSES = 3;
export const ARGON2_MEMORY_KIB = 64 * 1024;

const SECRET_LIMIT = 10n ** 15n;
const SECRET_DIGITS = 15;
const CODE_DIGITS = 16;
const ENTROPY_BYTES = 32;
const CHECK_BITS = 10n;
/** The same for everybody: a code must open its mailbox on any vessel, where nothing else is known. */
const ARGON2_SALT = utf8("seavoice v1 mailbox");

/** Damm's table: finds every single wrong digit and every swap of neighbours. */
const DAMM = [
  [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
  [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
  [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
  [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
  [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
  [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
  [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
  [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
  [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
  [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/**
 * Kept beside the objects and not in them, so that no code is printed or stored with one by mistake.
 * @type {WeakMap<ReceiptCode, bigint>}
 */
const secrets = new WeakMap();

/** A fisher's receipt code; make it with `draw`, `fromDigits` or `fromPictures`. */
export class ReceiptCode {
  /** @param {bigint} secret below 10**15 */
  constructor(secret) {
    secrets.set(this, secret);
  }

  /**
   * Make a new code from 32 random bytes.
   * @param {Uint8Array} [entropy] only tests give their own
   */
  static draw(entropy = crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES))) {
    if (entropy.length < ENTROPY_BYTES) {
      throw new ProtocolError(Code.LOCAL, "a receipt code is drawn from 32 random bytes");
    }
    return new ReceiptCode(wholeNumber(entropy.subarray(0, ENTROPY_BYTES)) % SECRET_LIMIT);
  }

  /**
   * Read 16 digits, with or without spaces and hyphens; throws `wrong-code`.
   * @param {string} text
   */
  static fromDigits(text) {
    const digits = text.replace(/[ \-\u00a0]/g, "");
    if (digits.length !== CODE_DIGITS || !/^[0-9]*$/.test(digits) || damm(digits) !== 0) {
      throw new ProtocolError(
        Code.WRONG_CODE,
        "This is not a receipt code: it has 16 digits. Look at them again, one by one.",
      );
    }
    return new ReceiptCode(BigInt(digits.slice(0, SECRET_DIGITS)));
  }

  /**
   * Read ten picture numbers from 0 to 63; throws `wrong-code`.
   * @param {number[]} pictures
   */
  static fromPictures(pictures) {
    const isPicture = (/** @type {number} */ picture) =>
      Number.isInteger(picture) && picture >= 0 && picture < PICTURE_KINDS;
    if (pictures.length !== PICTURES || !pictures.every(isPicture)) {
      throw new ProtocolError(Code.WRONG_CODE, "A receipt code has ten pictures.");
    }
    const joined = pictures.reduce((all, picture) => (all << 6n) | BigInt(picture), 0n);
    const secret = joined >> CHECK_BITS;
    if (secret >= SECRET_LIMIT || joined !== withPictureCheck(secret)) {
      throw new ProtocolError(
        Code.WRONG_CODE,
        "One of these pictures is another one. Look at them again, one by one.",
      );
    }
    return new ReceiptCode(secret);
  }

  /** Return the code as four groups of four digits. */
  digits() {
    const plain = plainDigits(this);
    return (plain + damm(plain)).replace(/(.{4})(?!$)/g, "$1 ");
  }

  /**
   * Return the code as ten picture numbers from 0 to 63.
   * @returns {number[]}
   */
  pictures() {
    const joined = withPictureCheck(secretOf(this));
    return Array.from({ length: PICTURES }, (_, at) => Number((joined >> BigInt(6 * (PICTURES - 1 - at))) & 63n));
  }

  /**
   * Derive the mailbox: about a second and 64 MiB, on purpose.
   * @returns {Promise<Mailbox>}
   */
  async openMailbox() {
    const privateKey = await argon2id({
      password: plainDigits(this),
      salt: ARGON2_SALT,
      hashLength: limits.X25519_KEY_BYTES,
      iterations: ARGON2_PASSES,
      parallelism: 1,
      memorySize: ARGON2_MEMORY_KIB,
      outputType: "binary",
    });
    const publicKey = x25519.getPublicKey(privateKey);
    // The name follows from the key, so that the desk, which finds only the key in the seal, can answer.
    const digest = sha256(concat(utf8("seavoice v1 mailbox id"), publicKey));
    return { id: digest.slice(0, limits.MAILBOX_ID_BYTES), private: privateKey, public: publicKey };
  }
}

/** @param {ReceiptCode} code */
function secretOf(code) {
  return /** @type {bigint} */ (secrets.get(code));
}

/** @param {ReceiptCode} code */
function plainDigits(code) {
  return secretOf(code).toString().padStart(SECRET_DIGITS, "0");
}

/** @param {Uint8Array} bytes */
function wholeNumber(bytes) {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** @param {string} digits */
function damm(digits) {
  return Array.from(digits).reduce((state, digit) => DAMM[state][Number(digit)], 0);
}

/** @param {bigint} secret */
function withPictureCheck(secret) {
  const digest = sha256(concat(utf8("seavoice v1 pictures"), bigEndian(Number(secret), 7)));
  return (secret << CHECK_BITS) | (wholeNumber(digest.subarray(0, 2)) >> 6n);
}
