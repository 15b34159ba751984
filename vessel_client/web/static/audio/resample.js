// @ts-check
/** Brings samples of any rate to 16 kHz, block by block, for browsers that do not do it themselves. */

const RATE_HZ = 16_000;
const HALF_TAPS = 24;

/** Windowed sinc: keeps what lies under 7 kHz and lets nothing from above fold back. */
export class Resampler {
  /** @param {number} fromHz */
  constructor(fromHz) {
    this.step = fromHz / RATE_HZ;
    this.cutoff = Math.min(1, RATE_HZ / fromHz) * 0.9;
    this.half = Math.ceil(HALF_TAPS * Math.max(1, this.step));
    this.held = new Float32Array(this.half);
    this.place = this.half;
  }

  /**
   * @param {Float32Array} block
   * @returns {Float32Array}
   */
  take(block) {
    if (this.step === 1) return block;
    const all = new Float32Array(this.held.length + block.length);
    all.set(this.held);
    all.set(block, this.held.length);
    const made = [];
    while (this.place + this.half < all.length) {
      made.push(this.at(all, this.place));
      this.place += this.step;
    }
    const start = Math.max(0, Math.floor(this.place) - this.half);
    this.held = all.slice(start);
    this.place -= start;
    return Float32Array.from(made);
  }

  /**
   * @param {Float32Array} samples
   * @param {number} place
   */
  at(samples, place) {
    const middle = Math.floor(place);
    let sum = 0;
    for (let tap = middle - this.half + 1; tap <= middle + this.half; tap += 1) {
      const distance = tap - place;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / this.half);
      sum += (samples[tap] ?? 0) * this.cutoff * sinc(this.cutoff * distance) * window;
    }
    return sum;
  }
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
