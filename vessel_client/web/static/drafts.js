// @ts-check
/**
 * Keeps a recording while it is made: each second, all that was said so far, as one finished message sealed to the
 * desk. After a crash the draft can go as it is, and nobody here can listen to it (docs/decisions/0050).
 */

import { ProtocolError } from "./protocol/errors.js";
import { VoiceCodec, packVoice } from "./protocol/voicepack.js";
import { Priority, seal } from "./sealing.js";
import { Store, keep, list, remove } from "./storage.js";

const NO_BYTES = new Uint8Array();

/**
 * A draft as the start page offers it.
 * @typedef {import("./sealing.js").SealedMessage & { seconds: number }} Draft
 */

/** Writes one draft. A second that comes while the last one is still being sealed replaces it in the line. */
export class DraftWriter {
  /** @param {(reason: ProtocolError | null) => void} told called with what keeps it from being kept, or null */
  constructor(told) {
    this.told = told;
    this.id = "";
    this.closed = false;
    /** @type {{ packets: Uint8Array[], seconds: number } | null} */
    this.next = null;
    /** @type {Promise<void> | null} */
    this.working = null;
  }

  /**
   * @param {Uint8Array[]} packets all since the start
   * @param {number} seconds
   */
  write(packets, seconds) {
    this.next = { packets: packets.slice(), seconds };
    this.working ??= this.work().finally(() => {
      this.working = null;
    });
  }

  /** Wait until the newest second is on the disk. */
  async settle() {
    await this.working;
  }

  async work() {
    while (this.next && !this.closed) {
      const { packets, seconds } = this.next;
      this.next = null;
      try {
        const packed = await packVoice({ codec: VoiceCodec.OPUS_NARROWBAND_60MS, frames: packets });
        const body = { kind: /** @type {const} */ ("voice"), packed, noteId: NO_BYTES };
        const sealed = await seal(body, { priority: Priority.CLEAR_VOICE });
        this.id ||= sealed.id;
        await keep(Store.DRAFTS, { ...sealed, id: this.id, seconds });
        this.told(null);
      } catch (reason) {
        if (!(reason instanceof ProtocolError)) throw reason;
        this.told(reason);
      }
    }
  }

  /** Throw the draft away: the message is on the box, or the person wants it gone. */
  async discard() {
    this.closed = true;
    await this.working;
    if (this.id) await remove(Store.DRAFTS, this.id).catch(() => null);
  }
}

/**
 * The drafts that earlier visits left here.
 * @returns {Promise<Draft[]>}
 */
export async function draftsLeft() {
  try {
    return await list(Store.DRAFTS);
  } catch (reason) {
    if (!(reason instanceof ProtocolError)) throw reason;
    return [];
  }
}

/** @param {string} id */
export async function deleteDraft(id) {
  if (id) await remove(Store.DRAFTS, id).catch(() => null);
}
