// @ts-check
/** The tree of characters that the text model walks: the trees of protocol/textpack.py, fork for fork. */

import { Language } from "./language.js";

/** Ends a message. A lone surrogate, since no text that may be packed holds one. */
export const END = 0xd800;

/** Announces a character that the language's alphabet lacks. */
export const ESCAPE = 0xd801;

const SEEN_WEIGHT = 4;

/**
 * Letters that belong to a language even where its priming text lacks them; both ends inside.
 * @type {Map<number, number[][]>}
 */
const RANGES = new Map([
  [Language.BURMESE, [[0x1000, 0x104f]]],
  [Language.KHMER, [[0x1780, 0x17dd], [0x17e0, 0x17e9]]],
  [Language.THAI, [[0x0e01, 0x0e3a], [0x0e3f, 0x0e5b]]],
  [Language.LAO, [[0x0e81, 0x0edd]]],
  [Language.VIETNAMESE, [[0x00c0, 0x00ff], [0x1ea0, 0x1ef9]]],
]);

const EVERY_ALPHABET = [[0x0a, 0x0a], [0x20, 0x7e], [END, ESCAPE]];

/**
 * Whether a word ends here: not in a letter, an accent or a vowel sign of any language of ours.
 * @param {number} character
 */
export function separatesWords(character) {
  return (
    character < 0x41 ||
    character === END ||
    (character >= 0x104a && character <= 0x104f) ||
    (character >= 0x17d4 && character <= 0x17da)
  );
}

/** A binary tree whose leaves are characters in code point order, the frequent ones near the root. */
export class Alphabet {
  /**
   * @param {number} language
   * @param {ArrayLike<number>} text the code points that were read
   */
  constructor(language, text) {
    this.leaves = Array.from(weightsOf(language, text)).sort(([left], [right]) => left - right);
    /**
     * For fork n, what lies at its turn 0 is at 2n, at its turn 1 at 2n + 1: a fork, or less than zero for a
     * character (see `leafOf`).
     * @type {number[]}
     */
    this.forks = [];
    /**
     * The way to each character: for each step, twice the fork plus the turn.
     * @type {Map<number, number[]>}
     */
    this.steps = new Map();
    this.grow(0, this.leaves.length, []);
  }

  /**
   * Build the tree of the leaves from `start` up to `stop`, cut where both sides weigh most alike.
   * @param {number} start
   * @param {number} stop
   * @param {number[]} steps
   * @returns {number}
   */
  grow(start, stop, steps) {
    if (stop - start === 1) {
      const character = this.leaves[start][0];
      this.steps.set(character, steps);
      return leafOf(character);
    }
    const fork = this.forks.length / 2;
    this.forks.push(0, 0);
    const cut = this.cut(start, stop);
    this.forks[2 * fork] = this.grow(start, cut, [...steps, 2 * fork]);
    this.forks[2 * fork + 1] = this.grow(cut, stop, [...steps, 2 * fork + 1]);
    return fork;
  }

  /**
   * @param {number} start
   * @param {number} stop
   */
  cut(start, stop) {
    let total = 0;
    for (let index = start; index < stop; index += 1) total += this.leaves[index][1];
    let left = 0;
    let best = start + 1;
    let unevennessOfBest = Infinity;
    for (let cut = start + 1; cut < stop; cut += 1) {
      left += this.leaves[cut - 1][1];
      const unevenness = Math.abs(total - 2 * left);
      if (unevenness < unevennessOfBest) {
        best = cut;
        unevennessOfBest = unevenness;
      }
    }
    return best;
  }
}

/**
 * How a character stands among the numbers of forks; the same function turns it back.
 * @param {number} character
 */
export function leafOf(character) {
  return -1 - character;
}

/**
 * @param {number} language
 * @param {ArrayLike<number>} text
 */
function weightsOf(language, text) {
  /** @type {Map<number, number>} */
  const weights = new Map();
  for (const [first, last] of [...EVERY_ALPHABET, ...(RANGES.get(language) ?? [])]) {
    for (let character = first; character <= last; character += 1) weights.set(character, 1);
  }
  for (let place = 0; place < text.length; place += 1) {
    weights.set(text[place], (weights.get(text[place]) ?? 0) + SEEN_WEIGHT);
  }
  return weights;
}
