// @ts-check
/** Sound as a row of bars, as every voice messenger draws it. */

import { element } from "./dom.js";

const BARS = 36;

/** @typedef {{ root: HTMLElement, show: (levels: number[]) => void, push: (level: number) => void, mark: (share: number) => void }} Wave */

/**
 * A row of bars. `show` draws a whole recording and `mark` how much of it was heard, from 0 to 1; `push` adds the
 * newest level on the right and lets the oldest go.
 * @param {Record<string, string>} [attributes] for who cannot see it; without, it is decoration
 * @returns {Wave}
 */
export function wave(attributes = { "aria-hidden": "true" }) {
  const bars = Array.from({ length: BARS }, () => element("i"));
  const root = element("div", { class: "wave", ...attributes }, ...bars);
  const set = (/** @type {HTMLElement} */ bar, /** @type {number} */ level) =>
    bar.style.setProperty("--level", level.toFixed(2));
  return {
    root,
    show: (levels) => bars.forEach((bar, at) => set(bar, levels[Math.floor((at * levels.length) / BARS)] ?? 0)),
    push: (level) => {
      const oldest = /** @type {HTMLElement} */ (root.firstElementChild);
      set(oldest, level);
      root.append(oldest);
    },
    mark: (share) => bars.forEach((bar, at) => bar.classList.toggle("heard", at < share * BARS)),
  };
}

/**
 * How loud each part of a recording is, for `show`: from 0 to 1, the loudest part 1.
 * @param {Int16Array | Float32Array} samples
 * @returns {number[]}
 */
export function loudness(samples) {
  const size = Math.max(1, Math.floor(samples.length / BARS));
  const parts = Array.from({ length: BARS }, (_, at) => meanSquare(samples.subarray(at * size, (at + 1) * size)));
  const most = Math.max(...parts, Number.MIN_VALUE);
  return parts.map((part) => Math.sqrt(part / most));
}

/** @param {Int16Array | Float32Array} samples */
function meanSquare(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum / Math.max(1, samples.length);
}
