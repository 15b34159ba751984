// Where a recording is silent for so long that nobody would miss it.

const WINDOW_S = 0.05;
const LEAST_S = 0.8;
const MARGIN_S = 0.2;
const QUIET = 0.06;

/**
 * The silent stretches as pairs of seconds, a little inside the real ones so that no word is cut.
 * What is quiet is measured against the loudest part: a boat's engine never stops.
 */
export function silences(samples, rateHz) {
  const size = Math.max(1, Math.round(rateHz * WINDOW_S));
  const levels = [];
  for (let at = 0; at < samples.length; at += size) {
    let sum = 0;
    const end = Math.min(samples.length, at + size);
    for (let place = at; place < end; place += 1) sum += samples[place] ** 2;
    levels.push(Math.sqrt(sum / (end - at)));
  }
  const most = levels.reduce((loudest, level) => Math.max(loudest, level), 0);
  const found = [];
  let began = -1;
  [...levels, Infinity].forEach((level, at) => {
    const quiet = level < most * QUIET;
    if (quiet && began < 0) began = at;
    if (quiet || began < 0) return;
    const [start, end] = [began * WINDOW_S + MARGIN_S, at * WINDOW_S - MARGIN_S];
    if (end - start >= LEAST_S - 2 * MARGIN_S) found.push([start, end]);
    began = -1;
  });
  return found;
}

/** The loudest sample of each of `count` parts, for drawing. */
export function peaks(samples, count) {
  const size = Math.max(1, Math.ceil(samples.length / count));
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, part) => {
    let most = 0;
    const end = Math.min(samples.length, (part + 1) * size);
    for (let place = part * size; place < end; place += 1) most = Math.max(most, Math.abs(samples[place]));
    return most;
  });
}
