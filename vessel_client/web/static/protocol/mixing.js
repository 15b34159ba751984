// @ts-check
/** Logistic mixing in whole numbers: protocol/mixing.py, bit for bit. */

import { PROBABILITY_MAX, PROBABILITY_ONE } from "./rangecoder.js";

export const STRETCH_MAX = 2815;

const GROWTH = 65664;

/** The chance for each stretch; entry 0 is for -STRETCH_MAX. Both tables take a fraction of a millisecond. */
const SQUASH = squashTable();

/** The stretch of each chance in 4096ths. */
export const STRETCH = stretchTable();

function squashTable() {
  const table = new Int32Array(2 * STRETCH_MAX + 1);
  let odds = PROBABILITY_ONE;
  for (let index = 0; index <= STRETCH_MAX; index += 1) {
    // The odds stay below 2**32, so this product stays below 2**48 and the next below 2**49.
    const chance = Math.min(PROBABILITY_MAX, Math.floor((odds * PROBABILITY_ONE) / (odds + PROBABILITY_ONE)));
    table[STRETCH_MAX + index] = chance;
    if (index) table[STRETCH_MAX - index] = PROBABILITY_ONE - chance;
    odds += Math.floor((odds * GROWTH) / 2 ** 24);
  }
  return table;
}

function stretchTable() {
  const table = new Int32Array(4096);
  let index = 0;
  for (let entry = 0; entry < table.length; entry += 1) {
    while (index < SQUASH.length - 1 && SQUASH[index] < 16 * entry + 8) index += 1;
    table[entry] = index - STRETCH_MAX;
  }
  return table;
}

/**
 * Return the chance, in 65536ths, that opinions (stretches) add up to; a weight of one is 65536.
 * @param {ArrayLike<number>} weights
 * @param {ArrayLike<number>} opinions
 */
export function mix(weights, opinions) {
  let total = 0;
  for (let index = 0; index < opinions.length; index += 1) total += weights[index] * opinions[index];
  return squash(Math.floor(total / 65536));
}

/**
 * Return the chance, in 65536ths, of a stretch, which is first held within what the table has.
 * @param {number} stretch
 */
export function squash(stretch) {
  return SQUASH[Math.min(STRETCH_MAX, Math.max(-STRETCH_MAX, stretch)) + STRETCH_MAX];
}

/**
 * Move each weight towards the opinions that were right; `error` is the bit times 65536, less the chance given.
 * @param {number[]} weights
 * @param {ArrayLike<number>} opinions
 * @param {number} error
 * @param {number} rate
 */
export function learn(weights, opinions, error, rate) {
  const step = error * rate;
  for (let index = 0; index < opinions.length; index += 1) {
    // Division and floor, not a shift: the product needs more than 32 bits.
    weights[index] += Math.floor((opinions[index] * step) / 262144);
  }
}
