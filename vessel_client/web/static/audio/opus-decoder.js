// @ts-check
/** Opus packets to samples, with libopus as WebAssembly: an answer is short, and one way is enough for every browser. */

import { Code, ProtocolError } from "../protocol/errors.js";

const RATE_HZ = 48_000;

/**
 * @param {Uint8Array[]} packets
 * @returns {Promise<{ samples: Float32Array, rateHz: number }>}
 */
export async function decodeOpus(packets) {
  const { OpusDecoder } = await import("../../vendor/opus-decoder.js");
  const decoder = new OpusDecoder({ channels: 1, streamCount: 1, coupledStreamCount: 0, channelMappingTable: [0] });
  await decoder.ready;
  try {
    const { channelData, errors, samplesDecoded } = decoder.decodeFrames(packets);
    if (errors.length || !samplesDecoded) {
      throw new ProtocolError(Code.MALFORMED_VOICE, "This voice could not be played; have it sent again.");
    }
    return { samples: channelData[0], rateHz: RATE_HZ };
  } finally {
    decoder.free();
  }
}
