// @ts-check
/** What carries sound inside the seal: protocol/voicepack.py, byte for byte. */

import { bigEndian, concat, join } from "./bytes.js";
import { Code, ProtocolError } from "./errors.js";
import * as limits from "./limits.js";

/** @typedef {{ codec: number, frames: Uint8Array[] }} VoiceNote */

/** How the sound was coded, and with it all that a decoder needs to be set up. */
export const VoiceCodec = Object.freeze({
  CODEC2_2400: 1,
  OPUS_NARROWBAND_60MS: 2,
  OPUS_WIDEBAND_60MS: 3,
});

const VERSION = 2;
const HEAD_BYTES = 4;
const FIRST_BYTES_DIFFER = 0;
const FIRST_BYTE_SHARED = 1;
const LENGTH_ESCAPE = 255;
const OPUS_PACKET_BYTES_MAX = LENGTH_ESCAPE + 0xffff;

/** @param {string} sentence */
function malformed(sentence) {
  return new ProtocolError(Code.MALFORMED_VOICE, sentence);
}

/**
 * The rate of the samples that the codec's decoder gives.
 * @param {number} codec
 */
export function sampleRateHz(codec) {
  return codec === VoiceCodec.OPUS_WIDEBAND_60MS ? 16000 : 8000;
}

/**
 * How much sound one frame, or one Opus packet, holds.
 * @param {number} codec
 */
export function frameDurationMs(codec) {
  return codec === VoiceCodec.CODEC2_2400 ? 20 : 60;
}

/**
 * How many frames or packets a note may have.
 * @param {number} codec
 */
export function framesMax(codec) {
  return codec === VoiceCodec.CODEC2_2400 ? limits.CODEC2_FRAMES_MAX : limits.OPUS_PACKETS_MAX;
}

/**
 * Return the note as bytes for the inside of a message. Throws `too-large` where the note is longer than a note
 * may be, `malformed-voice` where a frame does not have the size its codec demands.
 * @param {VoiceNote} note
 * @returns {Promise<Uint8Array>}
 */
export async function packVoice({ codec, frames }) {
  if (frames.length > framesMax(codec)) {
    throw new ProtocolError(
      Code.TOO_LARGE,
      `The voice note has ${frames.length} frames; ${framesMax(codec)} are allowed.`,
    );
  }
  const payload = codec === VoiceCodec.CODEC2_2400 ? (await codec2()).packCodec2(frames) : packOpus(frames);
  if (HEAD_BYTES + payload.length > limits.VOICE_PACKED_BYTES_MAX) {
    throw new ProtocolError(
      Code.TOO_LARGE,
      `The packed voice note exceeds ${limits.VOICE_PACKED_BYTES_MAX} bytes; cut it in two.`,
    );
  }
  return concat(Uint8Array.of(VERSION, codec), bigEndian(frames.length, 2), payload);
}

/**
 * Return the note that `packVoice` was given; throws `malformed-voice`.
 * @param {Uint8Array} data
 * @returns {Promise<VoiceNote>}
 */
export async function unpackVoice(data) {
  if (data.length < HEAD_BYTES) {
    throw malformed("The packed voice is shorter than its head; have it sent again.");
  }
  if (data.length > limits.VOICE_PACKED_BYTES_MAX) {
    throw malformed(`The packed voice exceeds ${limits.VOICE_PACKED_BYTES_MAX} bytes; refuse it.`);
  }
  const [version, codec] = data;
  if (version !== VERSION) {
    throw malformed(`The packed voice has version ${version}, unknown here; upgrade this program.`);
  }
  if (codec < VoiceCodec.CODEC2_2400 || codec > VoiceCodec.OPUS_WIDEBAND_60MS) {
    throw malformed(`The voice codec ${codec} is unknown here; upgrade this program.`);
  }
  const count = data[2] * 256 + data[3];
  if (count > framesMax(codec)) {
    throw malformed(`The packed voice claims ${count} frames; ${framesMax(codec)} are allowed.`);
  }
  const payload = data.subarray(HEAD_BYTES);
  const thin = codec === VoiceCodec.CODEC2_2400;
  const frames = thin ? (await codec2()).unpackCodec2(payload, count) : unpackOpus(payload, count);
  return { codec, frames };
}

/** Codec2 is met only on the box's own screen, so no phone loads its coder before it has to. */
function codec2() {
  return import("./codec2pack.js");
}

/**
 * Pack as: mark, the shared first byte if there is one, then length and bytes of each packet.
 * @param {Uint8Array[]} packets
 * @returns {Uint8Array}
 */
function packOpus(packets) {
  const shared = sharedFirstByte(packets);
  /** @type {Uint8Array[]} */
  const parts = [Uint8Array.of(shared.length ? FIRST_BYTE_SHARED : FIRST_BYTES_DIFFER), shared];
  for (const packet of packets) {
    const rest = packet.subarray(shared.length);
    if (rest.length > OPUS_PACKET_BYTES_MAX) {
      throw malformed(`An Opus packet of ${packet.length} bytes cannot be; encode the sound again.`);
    }
    if (rest.length < LENGTH_ESCAPE) parts.push(Uint8Array.of(rest.length), rest);
    else parts.push(Uint8Array.of(LENGTH_ESCAPE), bigEndian(rest.length - LENGTH_ESCAPE, 2), rest);
  }
  return join(parts);
}

/**
 * The byte that all packets begin with (Opus: the same mode throughout), or nothing.
 * @param {Uint8Array[]} packets
 * @returns {Uint8Array}
 */
function sharedFirstByte(packets) {
  const firsts = new Set(packets.map((packet) => packet[0]));
  return firsts.size === 1 && packets[0].length ? packets[0].slice(0, 1) : new Uint8Array();
}

/**
 * @param {Uint8Array} payload
 * @param {number} count
 */
function unpackOpus(payload, count) {
  if (payload[0] !== FIRST_BYTE_SHARED && payload[0] !== FIRST_BYTES_DIFFER) {
    throw malformed("The mark before the Opus packets is unknown; have the note sent again.");
  }
  let place = payload[0] === FIRST_BYTE_SHARED ? 2 : 1;
  const shared = payload.subarray(1, place);
  const packets = [];
  for (let index = 0; index < count; index += 1) {
    const { size, start } = readLength(payload, place);
    place = start + size;
    packets.push(concat(shared, payload.subarray(start, place)));
  }
  if (place !== payload.length) {
    throw malformed("The Opus packets do not fill the note exactly; have the note sent again.");
  }
  const again = sharedFirstByte(packets);
  if (again.length !== shared.length || again[0] !== shared[0]) {
    throw malformed("The Opus packets take a longer way than needed; have the note sent again.");
  }
  return packets;
}

/**
 * Return the length that stands at `place`, and the place behind it.
 * @param {Uint8Array} payload
 * @param {number} place
 */
function readLength(payload, place) {
  if (place < payload.length && payload[place] < LENGTH_ESCAPE) return { size: payload[place], start: place + 1 };
  if (place + 3 > payload.length) {
    throw malformed("The Opus packets end in the middle of a length; have the note sent again.");
  }
  return { size: LENGTH_ESCAPE + payload[place + 1] * 256 + payload[place + 2], start: place + 3 };
}
