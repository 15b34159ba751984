// @ts-check
/**
 * Changes the pitch of a voice and leaves its speed: slices are laid over each other where they fit best, and the
 * result is read at another rate. It disguises a voice, it does not make it anonymous (voice.md).
 */

const SLICE = 640;
const OVERLAP = 320;
const SEARCH = 160;
const SLICES_BEFORE_PAUSE = 200;

/**
 * @param {Int16Array} samples 16 kHz
 * @param {number} factor above 1 is higher
 * @returns {Promise<Int16Array>}
 */
export async function changePitch(samples, factor) {
  const stretched = await stretch(samples, factor);
  const changed = new Int16Array(samples.length);
  for (let at = 0; at < changed.length; at += 1) {
    const place = at * factor;
    const left = Math.floor(place);
    const share = place - left;
    changed[at] = (stretched[left] ?? 0) * (1 - share) + (stretched[left + 1] ?? 0) * share;
  }
  return changed;
}

/** A factor that nobody else's recording has, so that undoing it takes a guess. */
export function drawPitchFactor() {
  const [draw] = crypto.getRandomValues(new Uint16Array(1));
  const amount = 0.16 + (draw / 65536) * 0.1;
  return draw % 2 ? 1 + amount : 1 - amount;
}

/**
 * Make the recording `factor` times as long at the same pitch.
 * @param {Int16Array} samples
 * @param {number} factor
 */
async function stretch(samples, factor) {
  const made = new Float32Array(Math.ceil(samples.length * factor) + SLICE);
  const hop = SLICE - OVERLAP;
  let from = 0;
  for (let slice = 0; slice * hop + SLICE < made.length; slice += 1) {
    const wanted = Math.round((slice * hop) / factor);
    from = slice === 0 ? 0 : bestFit(samples, from + hop, wanted);
    lay(made, slice * hop, samples, from, slice === 0);
    if (slice % SLICES_BEFORE_PAUSE === SLICES_BEFORE_PAUSE - 1) await new Promise((resolve) => setTimeout(resolve));
  }
  return made;
}

/**
 * Where near `wanted` the sound goes on most like it would have at `natural`.
 * @param {Int16Array} samples
 * @param {number} natural
 * @param {number} wanted
 */
function bestFit(samples, natural, wanted) {
  let best = wanted;
  let bestScore = -Infinity;
  for (let at = Math.max(0, wanted - SEARCH); at <= wanted + SEARCH; at += 4) {
    let score = 0;
    let energy = 1;
    for (let step = 0; step < OVERLAP; step += 4) {
      const there = samples[at + step] ?? 0;
      score += there * (samples[natural + step] ?? 0);
      energy += there * there;
    }
    score /= Math.sqrt(energy);
    if (score > bestScore) [bestScore, best] = [score, at];
  }
  return best;
}

/**
 * @param {Float32Array} made
 * @param {number} to
 * @param {Int16Array} samples
 * @param {number} from
 * @param {boolean} first
 */
function lay(made, to, samples, from, first) {
  for (let step = 0; step < SLICE; step += 1) {
    const sample = samples[from + step] ?? 0;
    let weight = 1;
    if (step < OVERLAP && !first) weight = step / OVERLAP;
    if (step >= SLICE - OVERLAP) weight = (SLICE - step) / OVERLAP;
    made[to + step] += sample * weight;
  }
}
