// @ts-check
/**
 * HPKE (RFC 9180), base mode, X25519 / HKDF-SHA256 / ChaCha20-Poly1305: the page's half of protocol/seal.py.
 *
 * `crypto.subtle` does not exist on plain http, so all of it is JavaScript; only `crypto.getRandomValues`, which
 * exists everywhere, comes from the browser.
 */

import {
  AEAD_ChaCha20Poly1305,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  hkdf,
  hmac,
  sha256,
  x25519,
} from "../../vendor/cryptography.js";
import { bigEndian, concat, equal, utf8 } from "./bytes.js";
import { deskKeyId } from "./deskkeys.js";
import { Code, ProtocolError } from "./errors.js";
import * as limits from "./limits.js";

/**
 * A sealed answer that waits under a mailbox id.
 * @typedef {{ mailbox: Uint8Array, deskKey: Uint8Array, tag: Uint8Array, sealed: Uint8Array }} Mail
 */

const VERSION = 1;
const SUITE_X25519 = 1;

function suite() {
  return new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_ChaCha20Poly1305);
}

/**
 * What the seal is bound to besides its key.
 * @param {string} purpose
 * @param {Uint8Array} deskKey
 * @param {Uint8Array} context the vessel or the mailbox
 */
function infoOf(purpose, deskKey, context) {
  return concat(utf8("seavoice"), Uint8Array.of(VERSION, SUITE_X25519), deskKey, context, utf8(purpose));
}

/**
 * Seal what a fisher says; only the holder of the desk's private half can open it.
 * @param {Uint8Array} plaintext padded, as `encode` in message.js returns it
 * @param {Uint8Array} deskPublic 32 bytes
 * @param {Uint8Array} vessel 8 bytes
 * @returns {Promise<Uint8Array>}
 */
export async function sealReport(plaintext, deskPublic, vessel) {
  const hpke = suite();
  const key = await hpke.DeserializePublicKey(deskPublic);
  const info = infoOf("report", deskKeyId(deskPublic), vessel);
  const { encapsulatedSecret, ciphertext } = await hpke.Seal(key, plaintext, { info });
  return concat(encapsulatedSecret, ciphertext);
}

/**
 * Open an answer with the key from a receipt code; throws `not-authentic` or `cannot-open`.
 * @param {Mail} mail
 * @param {{ mailboxPrivate: Uint8Array, deskPublic: Uint8Array }} keys
 * @returns {Promise<Uint8Array>}
 */
export async function openMail(mail, { mailboxPrivate, deskPublic }) {
  const shared = sharedKey(mailboxPrivate, deskPublic, mail.deskKey);
  const tag = hmac(sha256, shared, concat(utf8("mail"), mail.mailbox, mail.sealed));
  if (!equal(tag.subarray(0, limits.MAIL_TAG_BYTES), mail.tag)) {
    throw new ProtocolError(Code.NOT_AUTHENTIC, "this answer does not come from the desk it names");
  }
  return open(mail.sealed, mailboxPrivate, infoOf("mail", mail.deskKey, mail.mailbox));
}

/**
 * Return the 8 bytes that show a fisher that the desk opened bundle `number`; the box cannot make them.
 * @param {Uint8Array} mailboxPrivate
 * @param {Uint8Array} deskPublic
 * @param {{ deskKey: Uint8Array, vessel: Uint8Array, number: number }} bundle
 * @returns {Uint8Array}
 */
export function openedProof(mailboxPrivate, deskPublic, { deskKey, vessel, number }) {
  const shared = sharedKey(mailboxPrivate, deskPublic, deskKey);
  return hmac(sha256, shared, concat(utf8("opened"), vessel, bigEndian(number, 4))).slice(0, limits.OPENED_PROOF_BYTES);
}

/**
 * @param {Uint8Array} sealed
 * @param {Uint8Array} privateKey
 * @param {Uint8Array} info
 */
async function open(sealed, privateKey, info) {
  const hpke = suite();
  const key = await hpke.DeserializePrivateKey(privateKey);
  try {
    const encapsulated = sealed.subarray(0, limits.X25519_KEY_BYTES);
    return await hpke.Open(key, encapsulated, sealed.subarray(limits.X25519_KEY_BYTES), { info });
  } catch (reason) {
    // The library has three errors for bytes that do not open; anything else is a bug and stays one.
    if (!["OpenError", "DecapError", "DeserializeError"].includes(/** @type {Error} */ (reason).name)) throw reason;
    throw new ProtocolError(
      Code.CANNOT_OPEN,
      "this was sealed to another key or vessel, or was changed on its way",
    );
  }
}

/**
 * The key that one desk key and one mailbox share.
 * @param {Uint8Array} privateKey
 * @param {Uint8Array} peerPublic
 * @param {Uint8Array} deskKey
 */
function sharedKey(privateKey, peerPublic, deskKey) {
  const info = concat(utf8("seavoice v1 desk and mailbox"), deskKey);
  return hkdf(sha256, exchange(privateKey, peerPublic), undefined, info, 32);
}

/**
 * @param {Uint8Array} privateKey
 * @param {Uint8Array} peerPublic
 */
function exchange(privateKey, peerPublic) {
  try {
    return x25519.getSharedSecret(privateKey, peerPublic);
  } catch (reason) {
    // The library's one complaint about 32 bytes: the secret is all zeros.
    if (!(reason instanceof Error) || peerPublic.length !== limits.X25519_KEY_BYTES) throw reason;
    throw new ProtocolError(
      Code.NOT_AUTHENTIC,
      "this public key cannot be used: it would yield a secret that anybody knows",
    );
  }
}
