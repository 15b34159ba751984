// @ts-check
/** Codec2, which no browser has: the box codes it for its own screen, and keeps nothing (docs/decisions/0050). */

import { isOwnScreen } from "../own-screen.js";
import { Code, ProtocolError } from "../protocol/errors.js";
import { VoiceCodec, packVoice } from "../protocol/voicepack.js";
import { RATE_HZ } from "./sound.js";

const FRAME_BYTES = 6;
const THIN_RATE_HZ = 8_000;

/**
 * Return a recording in the thin form, packed, or null where only the clear form can go: on a phone, and on a box
 * without the libraries for sound.
 * @param {Int16Array} samples
 * @returns {Promise<Uint8Array | null>}
 */
export async function encodeThin(samples) {
  if (!isOwnScreen()) return null;
  const coded = await ask(`/v1/encode?rate=${RATE_HZ}`, new Uint8Array(samples.slice().buffer)).catch((reason) => {
    // The clear form carries the same words, later; no recording waits for the short one.
    if (!(reason instanceof ProtocolError)) throw reason;
    return null;
  });
  if (!coded?.length) return null;
  const frames = Array.from({ length: coded.length / FRAME_BYTES }, (_, at) =>
    coded.slice(at * FRAME_BYTES, (at + 1) * FRAME_BYTES),
  );
  return pack(frames);
}

/**
 * @param {Uint8Array[]} frames
 * @returns {Promise<Uint8Array>}
 */
function pack(frames) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL("pack-worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => {
      worker.terminate();
      // Browsers without module workers can still do it here, only not as smoothly.
      event.preventDefault();
      resolve(packVoice({ codec: VoiceCodec.CODEC2_2400, frames }));
    };
    worker.postMessage(frames);
  });
}

/**
 * Play Codec2 frames back to samples; throws `not-loopback` on a phone, and the codes of the box.
 * @param {Uint8Array[]} frames
 * @returns {Promise<{ samples: Float32Array, rateHz: number }>}
 */
export async function decodeThin(frames) {
  const joined = new Uint8Array(frames.length * FRAME_BYTES);
  frames.forEach((frame, at) => joined.set(frame, at * FRAME_BYTES));
  const decoded = await ask("/v1/decode", joined);
  const samples = new Int16Array(decoded.buffer, 0, Math.floor(decoded.length / 2));
  return { samples: Float32Array.from(samples, (sample) => sample / 32768), rateHz: THIN_RATE_HZ };
}

/** Whether the box codes sound for this screen: one silent frame is asked for. */
export async function hasThin() {
  if (!isOwnScreen()) return false;
  try {
    return (await ask("/v1/decode", new Uint8Array(FRAME_BYTES))).length > 0;
  } catch (reason) {
    if (!(reason instanceof ProtocolError)) throw reason;
    return false;
  }
}

/**
 * @param {string} address
 * @param {Uint8Array} body
 * @returns {Promise<Uint8Array>}
 */
async function ask(address, body) {
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: /** @type {BodyInit} */ (body),
      cache: "no-store",
    });
  } catch (reason) {
    if (!(reason instanceof TypeError)) throw reason;
    throw new ProtocolError(Code.BOX_UNREACHABLE, "The box does not answer.");
  }
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  const told = await response.json().catch(() => ({}));
  throw new ProtocolError(told.error ?? Code.BOX_FAILED, told.message ?? "The box could not code this sound.");
}
