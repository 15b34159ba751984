// @ts-check
/** Plays samples, one sound at a time. */

/** @type {{ context: AudioContext, source: AudioBufferSourceNode } | null} */
let current = null;

/**
 * Play to the end, or until `stopPlaying`. `progress` is told how much was heard, from 0 to 1.
 * @param {{ samples: Float32Array, rateHz: number }} sound
 * @param {(share: number) => void} [progress]
 * @returns {Promise<void>}
 */
export async function play({ samples, rateHz }, progress = () => {}) {
  stopPlaying();
  const context = new AudioContext();
  const buffer = context.createBuffer(1, Math.max(1, samples.length), rateHz);
  buffer.getChannelData(0).set(samples);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  const mine = { context, source };
  current = mine;
  await context.resume();
  const startedAt = context.currentTime;
  const ticking = setInterval(() => progress(Math.min(1, (context.currentTime - startedAt) / buffer.duration)), 100);
  source.start();
  await new Promise((resolve) => {
    source.onended = resolve;
  });
  clearInterval(ticking);
  progress(0);
  if (current === mine) current = null;
  await context.close().catch(() => null);
}

/** Whether something is being played. */
export function isPlaying() {
  return current !== null;
}

/** Stop what is being played. */
export function stopPlaying() {
  current?.source.stop();
  current = null;
}
