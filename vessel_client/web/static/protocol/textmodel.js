// @ts-check
/** The model behind packed text: contexts, their opinions, and the walk that packs, unpacks and rehearses. */

import { END, ESCAPE, leafOf, separatesWords } from "./alphabet.js";
import { Code, ProtocolError } from "./errors.js";
import { STRETCH, learn, mix } from "./mixing.js";
import { PROBABILITY_ONE } from "./rangecoder.js";

/** @typedef {import("./alphabet.js").Alphabet} Alphabet */
/** @typedef {import("./rangecoder.js").BitCoder} BitCoder */

export const ORDERS_MAX = 6;

/** The place of the word's context among the contexts, after orders 0 to 6. */
export const WORD = ORDERS_MAX + 1;

/** A constant opinion beside those of the contexts, whose weight learns a bias. */
const BIAS_OPINION = 64;
const RATE = 6;
const PLACE_BITS = 6;
const PAGE_BITS = 15;

/** @param {string} what */
function malformed(what) {
  return new ProtocolError(Code.MALFORMED_TEXT, `The packed text ${what}; have it sent again.`);
}

const longerWay = () => malformed("takes a longer way than needed");

/** A text that was read before the first message, with the places that follow each character. */
export class Reading {
  /**
   * @param {number[][]} lines each as code points
   * @param {Alphabet} alphabet
   */
  constructor(lines, alphabet) {
    this.alphabet = alphabet;
    this.text = textOf(lines);
    /** @type {number[]} */
    this.afterSeparator = [];
    /** @type {Map<number, number[]>} */
    this.after = new Map();
    for (let place = 1; place < this.text.length; place += 1) {
      const character = this.text[place - 1];
      const places = this.after.get(character);
      if (places) places.push(place);
      else this.after.set(character, [place]);
      if (separatesWords(character)) this.afterSeparator.push(place);
    }
  }

  /** Return every place but the first: what order 0 has seen. */
  everywhere() {
    return Array.from({ length: this.text.length - 1 }, (_, index) => index + 1);
  }
}

/**
 * Lines as one text, with an end before, between and after them.
 * @param {number[][]} lines
 * @returns {number[]}
 */
export function textOf(lines) {
  const text = [END];
  for (const line of lines) {
    for (const character of line) text.push(character);
    text.push(END);
  }
  return text;
}

/** What followed one string of characters: in the reading, and so far in this message. */
class Context {
  /**
   * @param {Reading} reading
   * @param {number[]} places
   */
  constructor(reading, places) {
    this.reading = reading;
    this.places = places;
    /** @type {Map<number, Context>} */
    this.longer = new Map();
    /**
     * For each fork, how often its turns 0 and 1 were taken here.
     * @type {Map<number, number[]>}
     */
    this.turns = new Map();
    /** @type {Map<number, number>} */
    const followers = new Map();
    for (const place of places) {
      const character = reading.text[place];
      followers.set(character, (followers.get(character) ?? 0) + 1);
    }
    followers.forEach((times, character) => this.count(character, times));
  }

  /**
   * @param {number} character
   * @param {number} times
   */
  count(character, times) {
    for (const step of this.reading.alphabet.steps.get(character) ?? []) {
      this.turnsAt(step >> 1)[step & 1] += times;
    }
  }

  /** @param {number} fork */
  turnsAt(fork) {
    let turns = this.turns.get(fork);
    if (!turns) {
      turns = [0, 0];
      this.turns.set(fork, turns);
    }
    return turns;
  }

  /**
   * Return the context that is one character longer.
   * @param {number} character
   */
  followedBy(character) {
    let longer = this.longer.get(character);
    if (!longer) {
      const text = this.reading.text;
      const places = this.places.filter((place) => text[place] === character).map((place) => place + 1);
      longer = new Context(this.reading, places);
      this.longer.set(character, longer);
    }
    return longer;
  }
}

/** Codes characters that the alphabet lacks: a page of 64 code points, then the place on it. */
class Characters {
  /** @param {BitCoder} coder */
  constructor(coder) {
    this.coder = coder;
    this.page = 0;
    /** @type {Map<number, number[]>} */
    this.turns = new Map();
  }

  /**
   * Carry one character and return it; an unpacking coder ignores `character`.
   * @param {number} character
   */
  code(character) {
    const page = character >> PLACE_BITS;
    if (!this.adaptiveBit(0, page === this.page ? 1 : 0)) this.page = this.plainPage(page);
    let fork = 1;
    for (let shift = PLACE_BITS - 1; shift >= 0; shift -= 1) {
      fork = 2 * fork + this.adaptiveBit((this.page << PLACE_BITS) + fork, (character >> shift) & 1);
    }
    const codePoint = (this.page << PLACE_BITS) + fork - (1 << PLACE_BITS);
    if ((codePoint >= 0xd800 && codePoint <= 0xdfff) || codePoint > 0x10ffff) {
      throw malformed("names a character that does not exist");
    }
    return codePoint;
  }

  /** @param {number} page */
  plainPage(page) {
    let seen = 0;
    for (let shift = PAGE_BITS - 1; shift >= 0; shift -= 1) {
      seen = 2 * seen + this.coder.code(PROBABILITY_ONE / 2, (page >> shift) & 1);
    }
    if (seen === this.page) throw longerWay();
    return seen;
  }

  /**
   * @param {number} place
   * @param {number} bit
   */
  adaptiveBit(place, bit) {
    const turns = this.turns.get(place) ?? [0, 0];
    this.turns.set(place, turns);
    const chance = Math.floor(((2 * turns[1] + 1) * (PROBABILITY_ONE / 2)) / (turns[0] + turns[1] + 1));
    const carried = this.coder.code(chance, bit);
    turns[carried] += 1;
    return carried;
  }
}

/** Codes one message, character by character. */
export class Walk {
  /**
   * @param {Reading} reading
   * @param {number[][]} weights for each longest order that has an opinion; changed as the walk learns
   * @param {BitCoder} coder
   */
  constructor(reading, weights, coder) {
    this.reading = reading;
    this.weights = weights;
    this.coder = coder;
    this.escaped = new Characters(coder);
    /** @type {Map<number, Context>} */
    this.after = new Map();
    this.wordStart = new Context(reading, reading.afterSeparator);
    /** @type {Context[]} */
    this.contexts = [new Context(reading, reading.everywhere()), this.contextAfter(END)];
    while (this.contexts.length < WORD) this.contexts.push(new Context(reading, []));
    this.contexts.push(this.wordStart);
    this.opinions = new Int32Array(WORD + 2);
    this.opinions[WORD + 1] = BIAS_OPINION;
  }

  /**
   * Carry one character (or the end) and return it; an unpacking coder ignores `character`.
   * @param {number} character
   */
  code(character) {
    const steps = this.reading.alphabet.steps;
    const symbol = this.codeSymbol(steps.get(character) ?? steps.get(ESCAPE) ?? []);
    if (symbol === END) return symbol;
    let carried = symbol;
    if (symbol === ESCAPE) {
      carried = this.escaped.code(character);
      if (steps.has(carried)) throw longerWay();
    }
    this.movePast(carried);
    return carried;
  }

  /**
   * Walk from the root to a leaf: along `steps` in packing, where the coder says in unpacking.
   * @param {number[]} steps
   */
  codeSymbol(steps) {
    const forks = this.reading.alphabet.forks;
    let place = 0;
    for (let index = 0; place >= 0; index += 1) {
      const wanted = index < steps.length ? steps[index] & 1 : 0;
      place = forks[2 * place + this.codeTurn(place, wanted)];
    }
    return leafOf(place);
  }

  /**
   * Carry one turn, then let every context and the weights learn from it.
   * @param {number} fork
   * @param {number} wanted
   */
  codeTurn(fork, wanted) {
    const opinions = this.opinions;
    const seen = this.contexts.map((context) => context.turnsAt(fork));
    let longest = 0;
    seen.forEach(([zeros, ones], order) => {
      opinions[order] = 0;
      if (!zeros && !ones) return;
      opinions[order] = STRETCH[Math.floor(((16 * ones + 3) * 4096) / (16 * (zeros + ones) + 6))];
      if (order !== WORD) longest = order;
    });
    const weights = this.weights[longest];
    const chance = mix(weights, opinions);
    const turn = this.coder.code(chance, wanted);
    learn(weights, opinions, turn * PROBABILITY_ONE - chance, RATE);
    for (const turns of seen) turns[turn] += 1;
    return turn;
  }

  /**
   * Make every context one character longer.
   * @param {number} character
   */
  movePast(character) {
    const old = this.contexts;
    this.contexts = [
      old[0],
      this.contextAfter(character),
      ...old.slice(1, ORDERS_MAX).map((context) => context.followedBy(character)),
      separatesWords(character) ? this.wordStart : old[WORD].followedBy(character),
    ];
  }

  /** @param {number} character */
  contextAfter(character) {
    let context = this.after.get(character);
    if (!context) {
      context = new Context(this.reading, this.reading.after.get(character) ?? []);
      this.after.set(character, context);
    }
    return context;
  }
}
