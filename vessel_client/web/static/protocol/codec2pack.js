// @ts-check
/**
 * Codec2 frames, coded bit by bit with a chance that ten opinions are mixed to: eight come from contexts that learn
 * as the note goes on, one from what is known of speech beforehand. It is protocol/codec2pack.py, bit for bit.
 */

import { Code, ProtocolError } from "./errors.js";
import { STRETCH, learn, mix, squash } from "./mixing.js";
import { PitchEnergy } from "./pitchenergy.js";
import { BitDecoder, BitEncoder, PROBABILITY_ONE } from "./rangecoder.js";

/** @typedef {import("./rangecoder.js").BitCoder} BitCoder */

export const CODEC2_FRAME_BYTES = 6;

/** Two voicing bits, pitch and energy together, ten line spectral frequencies, two spare bits. */
const WIDTHS_BITS = [1, 1, 8, 4, 4, 4, 4, 4, 4, 4, 3, 3, 2, 2];
const PITCH_ENERGY = 2;
const FIRST_SPECTRAL = 3;

const SPARE = 13;

/**
 * How each spectral field follows, in 64ths, from its last value, its lower neighbour's new and last value, its upper
 * neighbour's last value, the number of voiced halves of the frame, and one.
 */
const EXPECTED = [
  [55, 0, 0, 2, -23, 67],
  [47, 53, -35, -2, -23, 52],
  [44, 27, -17, -2, -57, 152],
  [45, 21, -14, 5, -18, 42],
  [54, 23, -16, 3, 1, 10],
  [43, 41, -24, 2, -11, 49],
  [48, 24, -18, 8, -5, 64],
  [45, 17, -10, 4, 0, 4],
  [46, 11, -7, 7, -2, 76],
  [38, 24, -11, 0, -3, -11],
];

/** Expected values and spreads are in 256ths of a step of the field. */
const FINE = 256;
const SPREAD_START = 160;
const SPREAD_SHARE = 192;
const SPREAD_PARTS = 32;
const SPREAD_MIN = 24;
const QUOTIENT_MIN = 4;
const QUOTIENT_MAX = 4091;

const VOTES = 8;
const WEIGHTS_START = [15000, 12000, 8500, 12000, 8000, 9500, 12000, 6000, 0, 25000];
const WEIGHTS_START_PITCH_ENERGY = [...Array(VOTES).fill(4000), 0, 34000];
const BIAS_OPINION = 256;
const RATE = 3;
/** Weights kept for each field and voicing learn faster than those they are added to. */
const RATE_FINE = 8;
const SEEN_MAX = 255;
const CHANCE_MIN = 32;
const CHANCE_MAX = 65503;

/** How far a cell moves towards a bit, in 65536ths: one half at first, then ever less. */
const SHARES = Array.from({ length: SEEN_MAX + 1 }, (_, seen) => Math.floor(PROBABILITY_ONE / (seen + 2)));

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
    this.pitchEnergy = new PitchEnergy();
    /** For each field: how far from the expected value it tends to be. */
    this.spreads = WIDTHS_BITS.map((width) => (SPREAD_START * width) / 4);
    /**
     * For each vote and each of its contexts: the chance of a 1, and how often it was seen.
     * @type {Map<number, number[]>[]}
     */
    this.cells = Array.from({ length: VOTES }, () => new Map());
    this.weights = Array.from({ length: FIRST_SPECTRAL + 1 }, () => [...WEIGHTS_START]);
    this.weights[PITCH_ENERGY] = [...WEIGHTS_START_PITCH_ENERGY];
    /** For each field and voicing; added to the others. */
    this.weightsFine = Array.from({ length: 4 * WIDTHS_BITS.length }, () => Array(VOTES + 2).fill(0));
    this.opinions = new Int32Array(VOTES + 2);
    this.opinions[VOTES] = BIAS_OPINION;
  }

  /**
   * Carry one frame's fields and return them; an unpacking coder ignores `frame`.
   * @param {number[]} frame
   */
  code(frame) {
    /** @type {number[]} */
    const fields = [];
    frame.forEach((value, index) => {
      fields.push(this.codeField(index, value, fields));
      if (index === PITCH_ENERGY) this.pitchEnergy.follow(fields[index]);
    });
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
    const field = this.look(index, fields);
    const weights = this.weights[Math.min(index, FIRST_SPECTRAL)];
    const weightsFine = this.weightsFine[index * 4 + (field.voicing % 4)];
    let known = 1;
    for (let shift = width - 1; shift >= 0; shift -= 1) {
      this.opinions[VOTES + 1] = priorOf(field, known, shift);
      const contexts = contextsOf(field, known, shift);
      known = 2 * known + this.codeBit(contexts, weights, weightsFine, (value >> shift) & 1);
    }
    const found = known - (1 << width);
    const distance = Math.floor((Math.abs(found * FINE - field.expected) * SPREAD_SHARE) / 256);
    this.spreads[index] += Math.floor((distance - this.spreads[index]) / SPREAD_PARTS);
    return found;
  }

  /**
   * All that is known of a field before its first bit.
   * @param {number} index
   * @param {number[]} fields
   */
  look(index, fields) {
    const last = this.last[index];
    const voicing = voicingOf(fields, this.last);
    const previous = index > 0 ? fields[index - 1] : 0;
    const previousTwo = previous * 256 + (index > 1 ? fields[index - 2] : 0);
    const loudness = this.pitchEnergy.loudness;
    const spoken = index * 16 + loudness;
    return {
      index,
      width: WIDTHS_BITS[index],
      last,
      before: this.before[index],
      // A spectral field tends to move the way its lower neighbour just moved.
      moved: index > FIRST_SPECTRAL ? last + previous - this.last[index - 1] : last,
      expected: expectedOf(index, fields, this.last),
      spread: Math.max(SPREAD_MIN, this.spreads[index]),
      voicing,
      loudness,
      weightsOfSteps: index === PITCH_ENERGY ? this.pitchEnergy.weigh(voicing) : null,
      previous: index * 256 + previous,
      previousTwo: index * 65536 + previousTwo,
      upper: index * 256 + (index < SPARE ? this.last[index + 1] : 0),
      loud: spoken * 16 + voicing,
      loudHigh: (spoken * 16 + this.pitchEnergy.height) * 16 + voicing,
    };
  }

  /**
   * Carry one bit: each vote speaks from its context's cell, then cells and weights learn.
   * @param {number[]} contexts
   * @param {number[]} weights
   * @param {number[]} weightsFine
   * @param {number} wanted
   */
  codeBit(contexts, weights, weightsFine, wanted) {
    const cells = contexts.map((context, vote) => this.cellAt(vote, context));
    cells.forEach(([chance, seen], vote) => {
      // A cell that has seen little speaks softly.
      this.opinions[vote] = (STRETCH[chance >> 4] * Math.min(256, 200 + 5 * seen)) >> 8;
    });
    const mixed = mix(
      weights.map((weight, index) => weight + weightsFine[index]),
      this.opinions,
    );
    const bit = this.coder.code(mixed, wanted);
    const error = bit * PROBABILITY_ONE - mixed;
    learn(weights, this.opinions, error, RATE);
    learn(weightsFine, this.opinions, error, RATE_FINE);
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

/** @typedef {ReturnType<Codec2Model["look"]>} Field */

/**
 * What each vote looks its cell up by, for the bit at `shift`; `known` is a 1 and the field's bits so far.
 * @param {Field} field
 * @param {number} known
 * @param {number} shift
 */
function contextsOf(field, known, shift) {
  const middle = ((2 * known + 1) << shift) - (1 << field.width);
  const place = (field.width * 8 + shift) * 32;
  const fromExpected = clip((field.expected + FINE / 2 - middle * FINE) >> 5, 62) + 64;
  return [
    field.previous * 256 + known,
    field.previousTwo * 256 + known,
    (place + clip(field.last - middle, 9) + 9) * 16 + clip(field.before - middle, 5) + 5,
    (place + clip(field.moved - middle, 9) + 9) * 16 + field.voicing,
    field.upper * 256 + known,
    ((field.index * 8 + shift) * 128 + fromExpected) * 16 + field.loudness,
    field.loud * 256 + known,
    field.loudHigh * 256 + known,
  ];
}

/**
 * The opinion that needs no learning: how likely the upper half of what is left is.
 * @param {Field} field
 * @param {number} known
 * @param {number} shift
 */
function priorOf(field, known, shift) {
  if (field.index < PITCH_ENERGY) return 0;
  let quotient;
  if (field.weightsOfSteps) {
    quotient = Math.floor((field.weightsOfSteps[2 * known + 1] * 4096) / field.weightsOfSteps[known]);
  } else {
    const middle = ((2 * known + 1) << shift) - (1 << field.width);
    const low = middle - (1 << shift);
    const high = middle + (1 << shift);
    const belowLow = low > 0 ? chanceBelow(field, low) : 0;
    const belowHigh = high < 1 << field.width ? chanceBelow(field, high) : PROBABILITY_ONE;
    const upperHalf = (belowHigh - chanceBelow(field, middle)) * 4096 + 2048;
    quotient = Math.floor(upperHalf / Math.max(1, belowHigh - belowLow));
  }
  return STRETCH[Math.min(QUOTIENT_MAX, Math.max(QUOTIENT_MIN, quotient))];
}

/**
 * The chance that the field is less than `value`, in 65536ths.
 * @param {Field} field
 * @param {number} value
 */
function chanceBelow(field, value) {
  return squash(Math.floor(((value * FINE - FINE / 2 - field.expected) * 256) / field.spread));
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
 * The value that a spectral field would have by `EXPECTED`; zero for the others.
 * @param {number} index
 * @param {number[]} fields
 * @param {number[]} last
 */
function expectedOf(index, fields, last) {
  if (index < FIRST_SPECTRAL || index >= SPARE) return 0;
  const known = [last[index], fields[index - 1], last[index - 1], last[index + 1], fields[0] + fields[1], 1];
  const value = EXPECTED[index - FIRST_SPECTRAL].reduce((sum, part, place) => sum + part * known[place], 0);
  return Math.min(((1 << WIDTHS_BITS[index]) - 1) * FINE, Math.max(0, (value * FINE) / 64));
}
