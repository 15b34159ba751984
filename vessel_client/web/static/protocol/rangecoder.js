// @ts-check
/**
 * A binary arithmetic coder on 32-bit bounds: protocol/rangecoder.py, bit for bit.
 *
 * No intermediate value reaches 2**48, so doubles compute it exactly; only the comparison of the two bounds
 * and the shifts use JavaScript's 32-bit operators, each followed by `>>> 0`.
 */

import { bigEndian } from "./bytes.js";

export const PROBABILITY_ONE = 65536;
export const PROBABILITY_MAX = 65535;

const TOP = 0xffffffff;
const BYTES_IN_FLIGHT = 4;

/**
 * What a model drives: the same walk packs with one and unpacks with the other.
 * @typedef {{ code(probabilityOfOne: number, bit: number): number }} BitCoder
 */

/**
 * @param {number} low
 * @param {number} high
 * @param {number} probabilityOfOne
 */
function split(low, high, probabilityOfOne) {
  return low + Math.floor(((high - low) * probabilityOfOne) / PROBABILITY_ONE);
}

/**
 * The fewest bytes, one at least, that followed by zeros for ever name a value inside the interval.
 * @param {number} low
 * @param {number} high
 */
function shortestEnding(low, high) {
  for (let sizeBytes = 1; sizeBytes <= 3; sizeBytes += 1) {
    const step = 2 ** (32 - 8 * sizeBytes);
    const value = Math.ceil(low / step) * step;
    if (value <= high) return Array.from(bigEndian(value, 4)).slice(0, sizeBytes);
  }
  return Array.from(bigEndian(low, 4));
}

/** Turns bits and their probabilities into bytes: `code` each bit, then `finish` once. */
export class BitEncoder {
  constructor() {
    this.low = 0;
    this.high = TOP;
    /** @type {number[]} */
    this.out = [];
  }

  /**
   * Add one bit whose chance of being 1 is `probabilityOfOne` / 65536, from 1 to 65535.
   * @param {number} probabilityOfOne
   * @param {number} bit
   */
  code(probabilityOfOne, bit) {
    const middle = split(this.low, this.high, probabilityOfOne);
    if (bit) this.high = middle;
    else this.low = middle + 1;
    while ((this.low ^ this.high) >>> 0 < 0x1000000) {
      this.out.push(this.high >>> 24);
      this.low = (this.low << 8) >>> 0;
      this.high = ((this.high << 8) | 0xff) >>> 0;
    }
    return bit;
  }

  /** Return all bytes, with the shortest ending that says where in the last interval we are. */
  finish() {
    return Uint8Array.from(this.out.concat(shortestEnding(this.low, this.high)));
  }
}

/** Turns bytes back into bits. Past the end it reads zeros: stop once it `ranDry`, at the end ask `endsCleanly`. */
export class BitDecoder {
  /** @param {Uint8Array} data */
  constructor(data) {
    this.low = 0;
    this.high = TOP;
    this.data = data;
    this.position = 0;
    this.value = 0;
    for (let index = 0; index < BYTES_IN_FLIGHT; index += 1) this.value = this.shifted();
  }

  /** @returns {number} */
  shifted() {
    const following = this.position < this.data.length ? this.data[this.position] : 0;
    this.position += 1;
    return ((this.value << 8) | following) >>> 0;
  }

  /**
   * Return the next bit, whose chance of being 1 is `probabilityOfOne` / 65536.
   * @param {number} probabilityOfOne
   */
  code(probabilityOfOne) {
    const middle = split(this.low, this.high, probabilityOfOne);
    const bit = this.value <= middle ? 1 : 0;
    if (bit) this.high = middle;
    else this.low = middle + 1;
    while ((this.low ^ this.high) >>> 0 < 0x1000000) {
      this.low = (this.low << 8) >>> 0;
      this.high = ((this.high << 8) | 0xff) >>> 0;
      this.value = this.shifted();
    }
    return bit;
  }

  /** Whether more was taken than any encoder put into these bytes: they are damaged, stop here. */
  get ranDry() {
    return this.position - BYTES_IN_FLIGHT > this.data.length;
  }

  /** Whether an encoder that stopped at this bit would have written exactly these bytes. */
  endsCleanly() {
    if (this.ranDry) return false;
    const rest = this.data.subarray(this.position - BYTES_IN_FLIGHT);
    const ending = shortestEnding(this.low, this.high);
    return rest.length === ending.length && ending.every((byte, index) => byte === rest[index]);
  }
}
