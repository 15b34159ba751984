// @ts-check
/** Reads a recording that the phone's own recorder made, for pages that may not use the microphone. */

import { ProtocolError } from "../protocol/errors.js";
import { encodeOpus } from "./opus-encoder.js";
import { RATE_HZ, SAMPLES_MAX, SoundCode, toInt16 } from "./sound.js";

const FILE_BYTES_MAX = 60_000_000;

/**
 * Return the samples of a file, at 16 kHz, and its Opus packets; throws one of `SoundCode`.
 * @param {Blob} file
 */
export async function readRecording(file) {
  if (file.size > FILE_BYTES_MAX) {
    throw new ProtocolError(SoundCode.TOO_LONG, "This file is larger than any three-minute recording.");
  }
  const mono = mixDown(await decode(await file.arrayBuffer()));
  if (mono.length > SAMPLES_MAX) {
    throw new ProtocolError(SoundCode.TOO_LONG, "This recording is longer than three minutes.");
  }
  return { samples: toInt16(mono), packets: await encodeOpus(mono) };
}

/**
 * @param {ArrayBuffer} data
 * @returns {Promise<AudioBuffer>}
 */
async function decode(data) {
  try {
    // Decoding in a context of this rate makes the browser resample.
    return await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(data);
  } catch (reason) {
    if (!(reason instanceof DOMException)) throw reason;
    throw new ProtocolError(SoundCode.NOT_SOUND, `This file is no sound that the browser reads (${reason.name}).`);
  }
}

/** @param {AudioBuffer} buffer */
function mixDown(buffer) {
  const mixed = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let at = 0; at < mixed.length; at += 1) mixed[at] += samples[at] / buffer.numberOfChannels;
  }
  return mixed;
}
