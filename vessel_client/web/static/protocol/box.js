// @ts-check
/** The local API of the vessel's box, as vessel_client/web/api.py serves it. The box sees sealed bytes only. */

import { fromBase64url, fromHex, toBase64url, toHex } from "./bytes.js";
import { deskKeyId } from "./deskkeys.js";
import { Code, ProtocolError } from "./errors.js";

/** @typedef {import("./deskkeys.js").DeskKey} DeskKey */
/** @typedef {import("./seal.js").Mail} Mail */

/**
 * What somebody who seals has to know.
 * @typedef {{
 *   vessel: Uint8Array,
 *   vesselName: string,
 *   fingerprint: string,
 *   deskName: string,
 *   deskSigningPublic: Uint8Array,
 *   deskKeys: DeskKey[],
 * }} BoxDescription
 */

/** In the order in which bundles leave the boat. */
export const Priority = Object.freeze({ URGENT: 0, CHECK_IN: 1, TEXT: 2, THIN_VOICE: 3, CLEAR_VOICE: 4 });

export const REFERENCE_BYTES = 16;
const ANSWER_WAIT_MS_MAX = 15000;
const TOO_FAST_WAIT_MS_MAX = 20000;

/** Speaks to one box. Every method throws `box-unreachable`, or an error with the code that the box gave. */
export class Box {
  /** @param {string} [base] the box's origin; empty where the page came from the box itself */
  constructor(base = "") {
    this.base = base;
  }

  /** @returns {Promise<BoxDescription>} */
  async describe() {
    const { document } = await this.ask("/v1/box");
    return {
      vessel: fromHex(document.vessel),
      vesselName: document.vessel_name,
      fingerprint: document.fingerprint,
      deskName: document.desk_name,
      deskSigningPublic: fromBase64url(document.desk_signing_public),
      deskKeys: listOf(document.desk_keys).map(readDeskKey),
    };
  }

  /**
   * Hand over a sealed message. `reference` makes it safe to ask again after a lost answer: sixteen random bytes,
   * drawn once for each sealed message and kept with it.
   * @param {{
   *   reference: Uint8Array,
   *   priority: number,
   *   lifetime: number,
   *   deskKey: Uint8Array,
   *   sealed: Uint8Array,
   * }} bundle
   * @returns {Promise<{ number: number, isNew: boolean }>}
   */
  async queue({ reference, priority, lifetime, deskKey, sealed }) {
    const body = {
      ref: toHex(reference),
      priority,
      lifetime,
      desk_key: toHex(deskKey),
      sealed: toBase64url(sealed),
    };
    const { status, document } = await this.ask("/v1/bundles", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { number: document.number, isNew: status === 201 };
  }

  /**
   * The state of one bundle, as the box tells it.
   * @param {number} number
   * @returns {Promise<Record<string, any>>}
   */
  async bundle(number) {
    return (await this.ask(`/v1/bundles/${number}`)).document;
  }

  /**
   * Which bundles the desk says it opened: compare `proof` with what `openedProof` in seal.js returns.
   * @returns {Promise<{ number: number, deskKey: Uint8Array, proof: Uint8Array }[]>}
   */
  async proofs() {
    const { document } = await this.ask("/v1/proofs");
    return listOf(document.proofs).map((each) => ({
      number: each.number,
      deskKey: fromHex(each.desk_key),
      proof: fromHex(each.proof),
    }));
  }

  /**
   * The sealed answers of one mailbox; an unknown one is as empty as a new one.
   * @param {Uint8Array} mailbox
   * @returns {Promise<{ number: number, arrivedAt: number, mail: Mail }[]>}
   */
  async mails(mailbox) {
    const { document } = await this.ask(`/v1/mailboxes/${toHex(mailbox)}`);
    return listOf(document.mails).map((each) => ({
      number: each.number,
      arrivedAt: each.arrived_at,
      mail: {
        mailbox,
        deskKey: fromHex(each.desk_key),
        tag: fromBase64url(each.tag),
        sealed: fromBase64url(each.sealed),
      },
    }));
  }

  /**
   * Ask the box; where it says that this is too fast, wait as long as it says and ask again.
   * @param {string} path
   * @param {RequestInit} [request]
   * @returns {Promise<{ status: number, document: any }>}
   */
  async ask(path, request = {}) {
    const patienceEnds = Date.now() + TOO_FAST_WAIT_MS_MAX;
    for (;;) {
      try {
        return await this.askOnce(path, request);
      } catch (reason) {
        if (!(reason instanceof ProtocolError) || reason.code !== "too-many-requests") throw reason;
        const waitMs = 1000 * (reason.details.retryAfterS ?? 1);
        if (Date.now() + waitMs > patienceEnds) throw reason;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  /**
   * @param {string} path
   * @param {RequestInit} request
   * @returns {Promise<{ status: number, document: any }>}
   */
  async askOnce(path, request) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), ANSWER_WAIT_MS_MAX);
    try {
      const response = await fetch(this.base + path, {
        ...request,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: patience.signal,
      });
      return { status: response.status, document: await read(response) };
    } catch (reason) {
      if (reason instanceof ProtocolError) throw reason;
      if (!(reason instanceof TypeError || reason instanceof DOMException)) throw reason;
      throw new ProtocolError(
        Code.BOX_UNREACHABLE,
        "The box does not answer; go nearer to it, then try again. The message is kept.",
      );
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param {Response} response */
async function read(response) {
  const text = await response.text();
  /** @type {any} */
  let document = null;
  try {
    document = JSON.parse(text);
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) throw reason;
  }
  if (response.ok && document !== null && typeof document === "object") return document;
  if (document !== null && typeof document.error === "string") {
    throw new ProtocolError(document.error, String(document.message), retryAfter(response));
  }
  throw new ProtocolError(Code.BOX_FAILED, `The box failed with status ${response.status}; try again later.`);
}

/**
 * @param {Response} response
 * @returns {Record<string, number>}
 */
function retryAfter(response) {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) ? { retryAfterS: seconds } : {};
}

/**
 * @param {any} value
 * @returns {any[]}
 */
function listOf(value) {
  if (!Array.isArray(value)) throw new ProtocolError(Code.MALFORMED_DOCUMENT, "The box's answer lacks a list.");
  return value;
}

/**
 * @param {any} row
 * @returns {DeskKey}
 */
function readDeskKey(row) {
  const publicKey = fromBase64url(row.public);
  // The name is computed, not believed: sealing and its `info` depend on it.
  return { id: deskKeyId(publicKey), public: publicKey, notBefore: row.not_before, notAfter: row.not_after };
}
