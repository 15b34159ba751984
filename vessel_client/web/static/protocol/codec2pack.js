// @ts-check
/**
 * Codec2 frames, coded bit by bit with a chance that several contexts vote on: the Codec2 half of
 * protocol/voicepack.py, bit for bit. Nothing is learned beforehand; both sides start from zero.
 */

import { Code, ProtocolError } from "./errors.js";
import { STRETCH, learn, mix } from "./mixing.js";
import { BitDecoder, BitEncoder, PROBABILITY_ONE } from "./rangecoder.js";

/** @typedef {import("./rangecoder.js").BitCoder} BitCoder */

export const CODEC2_FRAME_BYTES = 6;

/** Two voicing bits, pitch and energy together, ten line spectral frequencies, two spare bits. */
const WIDTHS_BITS = [1, 1, 8, 4, 4, 4, 4, 4, 4, 4, 3, 3, 2, 2];
const PITCH_ENERGY = 2;
const FIRST_SPECTRAL = 3;

const VOTES = 7;
const WEIGHT_START = 12000;
const BIAS_OPINION = 256;
const RATE = 6;
const SEEN_MAX = 255;
const CHANCE_MIN = 32;
const CHANCE_MAX = 65503;

/** How far a cell moves towards a bit, in 65536ths: two thirds at first, then ever less. */
const SHARES = Array.from({ length: SEEN_MAX + 1 }, (_, seen) => Math.floor((2 * PROBABILITY_ONE) / (2 * seen + 3)));

/** @param {string} sentence */
function malformed(sentence) {
  return new ProtocolError(Code.MALFORMED_VOICE, sentence);
}

/**
 * Pack frames of six bytes; throws `malformed-voice` where one has another size.
 * @param {Uint8Array[]} frames
 * @returns {Uint8Array}
 */
export function packCodec2(frames) {
  const coder = new BitEncoder();
  const model = new Codec2Model(coder);
  for (const frame of frames) {
    if (frame.length !== CODEC2_FRAME_BYTES) {
      throw malformed(`A Codec2 frame has ${frame.length} bytes instead of ${CODEC2_FRAME_BYTES}.`);
    }
    model.code(fieldsOf(frame));
  }
  return coder.finish();
}

/**
 * Return the `count` frames that `packCodec2` was given; throws `malformed-voice`.
 * @param {Uint8Array} payload
 * @param {number} count
 * @returns {Uint8Array[]}
 */
export function unpackCodec2(payload, count) {
  const decoder = new BitDecoder(payload);
  const model = new Codec2Model(decoder);
  const nothing = WIDTHS_BITS.map(() => 0);
  const frames = [];
  for (let index = 0; index < count; index += 1) {
    frames.push(frameOf(model.code(nothing)));
    if (decoder.ranDry) throw malformed("The Codec2 frames end too early; have the note sent again.");
  }
  if (!decoder.endsCleanly()) {
    throw malformed("The Codec2 frames do not end where they should; have the note sent again.");
  }
  return frames;
}

/**
 * Cut a frame into its fields, from its first bit on, and undo the Gray code that Codec2 writes them in.
 * @param {Uint8Array} frame
 * @returns {number[]}
 */
function fieldsOf(frame) {
  let place = 0;
  return WIDTHS_BITS.map((width) => {
    let value = 0;
    for (const end = place + width; place < end; place += 1) {
      value = 2 * value + ((frame[place >> 3] >> (7 - (place & 7))) & 1);
    }
    value ^= value >> 4;
    value ^= value >> 2;
    return value ^ (value >> 1);
  });
}

/**
 * Join fields to a frame, each in Gray code again.
 * @param {number[]} fields
 */
function frameOf(fields) {
  const frame = new Uint8Array(CODEC2_FRAME_BYTES);
  let place = 0;
  fields.forEach((value, index) => {
    const gray = value ^ (value >> 1);
    for (let shift = WIDTHS_BITS[index] - 1; shift >= 0; shift -= 1) {
      frame[place >> 3] |= ((gray >> shift) & 1) << (7 - (place & 7));
      place += 1;
    }
  });
  return frame;
}

/**
 * @param {number} value
 * @param {number} bound
 */
function clip(value, bound) {
  return Math.min(bound, Math.max(-bound, value));
}

/** Codes one note, frame by frame: the same model packs and unpacks. */
class Codec2Model {
  /** @param {BitCoder} coder */
  constructor(coder) {
    this.coder = coder;
    this.last = WIDTHS_BITS.map(() => 0);
    this.before = this.last;
    /**
     * For each vote and each of its contexts: the chance of a 1, and how often it was seen.
     * @type {Map<number, number[]>[]}
     */
    this.cells = Array.from({ length: VOTES }, () => new Map());
    this.weights = Array.from({ length: FIRST_SPECTRAL + 1 }, () => [...Array(VOTES).fill(WEIGHT_START), 0]);
    this.opinions = new Int32Array(VOTES + 1);
    this.opinions[VOTES] = BIAS_OPINION;
  }

  /**
   * Carry one frame's fields and return them; an unpacking coder ignores `frame`.
   * @param {number[]} frame
   */
  code(frame) {
    /** @type {number[]} */
    const fields = [];
    frame.forEach((value, index) => fields.push(this.codeField(index, value, fields)));
    this.before = this.last;
    this.last = fields;
    return fields;
  }

  /**
   * Carry one field, its high bit first; `fields` are those of this frame that are known.
   * @param {number} index
   * @param {number} value
   * @param {number[]} fields
   */
  codeField(index, value, fields) {
    const width = WIDTHS_BITS[index];
    const last = this.last[index];
    const before = this.before[index];
    const weights = this.weights[Math.min(index, FIRST_SPECTRAL)];
    const voicing = voicingOf(fields, this.last);
    const unrest = unrestOf(fields, this.last);
    // A spectral field tends to move the way its lower neighbour just moved.
    const moved = index > FIRST_SPECTRAL ? last + fields[index - 1] - this.last[index - 1] : last;
    const exact = exactContexts(index, fields, voicing, last, before);
    let known = 1;
    for (let shift = width - 1; shift >= 0; shift -= 1) {
      const middle = ((2 * known + 1) << shift) - (1 << width);
      const place = (width * 8 + shift) * 32;
      const nearLast = place + clip(last - middle, 9) + 9;
      const contexts = exact.map((context) => context * 256 + known);
      contexts.push(nearLast * 16 + clip(before - middle, 5) + 5);
      contexts.push(nearLast * 16 + unrest);
      contexts.push((place + clip(moved - middle, 9) + 9) * 16 + voicing);
      known = 2 * known + this.codeBit(contexts, weights, (value >> shift) & 1);
    }
    return known - (1 << width);
  }

  /**
   * Carry one bit: each vote speaks from its context's cell, then cells and weights learn.
   * @param {number[]} contexts
   * @param {number[]} weights
   * @param {number} wanted
   */
  codeBit(contexts, weights, wanted) {
    const cells = contexts.map((context, vote) => this.cellAt(vote, context));
    cells.forEach(([chance, seen], vote) => {
      // A cell that has seen little speaks softly.
      this.opinions[vote] = (STRETCH[chance >> 4] * Math.min(256, 160 + 8 * seen)) >> 8;
    });
    const mixed = mix(weights, this.opinions);
    const bit = this.coder.code(mixed, wanted);
    learn(weights, this.opinions, bit * PROBABILITY_ONE - mixed, RATE);
    const target = bit * (PROBABILITY_ONE - 1);
    for (const cell of cells) {
      const [chance, seen] = cell;
      const moved = chance + Math.floor(((target - chance) * SHARES[seen]) / 65536);
      cell[0] = Math.min(CHANCE_MAX, Math.max(CHANCE_MIN, moved));
      cell[1] = Math.min(SEEN_MAX, seen + 1);
    }
    return bit;
  }

  /**
   * @param {number} vote
   * @param {number} context
   */
  cellAt(vote, context) {
    let cell = this.cells[vote].get(context);
    if (!cell) {
      cell = [PROBABILITY_ONE / 2, 0];
      this.cells[vote].set(context, cell);
    }
    return cell;
  }
}

/**
 * The two voicing bits of this frame, or where they are not known yet, those of the last.
 * @param {number[]} fields
 * @param {number[]} last
 */
function voicingOf(fields, last) {
  if (fields.length >= PITCH_ENERGY) return 2 * fields[0] + fields[1];
  return 4 * last[0] + 2 * last[1] + (fields.length ? fields[0] : 0);
}

/**
 * How many quarters of the spectral fields known so far differ from the last frame's.
 * @param {number[]} fields
 * @param {number[]} last
 */
function unrestOf(fields, last) {
  const changed = fields.filter((value, index) => index >= FIRST_SPECTRAL && value !== last[index]).length;
  return Math.floor((4 * changed) / Math.max(1, fields.length - FIRST_SPECTRAL));
}

/**
 * The contexts of the votes that know nothing of nearness: four, each with the field's index.
 * @param {number} index
 * @param {number[]} fields
 * @param {number} voicing
 * @param {number} last
 * @param {number} before
 */
function exactContexts(index, fields, voicing, last, before) {
  const previous = fields.length ? fields[index - 1] : 0;
  const previousTwo = previous * 256 + (fields.length > 1 ? fields[index - 2] : 0);
  const history = index < PITCH_ENERGY ? voicing * 2 + before : voicing * 64 + (last >> 2);
  return [index, index * 256 + previous, index * 65536 + previousTwo, index * 512 + history];
}
