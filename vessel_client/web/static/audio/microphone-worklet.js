// @ts-check
/** Runs beside the sound card: hands samples on in blocks of about 20 ms, and does nothing else. */

const BLOCK_SAMPLES = 1024;

// @ts-ignore -- This file runs in an AudioWorkletGlobalScope, which the page's types do not know.
class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK_SAMPLES);
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process([channels]) {
    const samples = channels?.[0];
    if (!samples) return true;
    let taken = 0;
    while (taken < samples.length) {
      const count = Math.min(samples.length - taken, BLOCK_SAMPLES - this.filled);
      this.block.set(samples.subarray(taken, taken + count), this.filled);
      this.filled += count;
      taken += count;
      if (this.filled === BLOCK_SAMPLES) this.send();
    }
    return true;
  }

  send() {
    const full = this.block;
    this.block = new Float32Array(BLOCK_SAMPLES);
    this.filled = 0;
    // @ts-ignore -- As above: a processor has a port.
    this.port.postMessage(full, [full.buffer]);
  }
}

// @ts-ignore -- As above: the scope's own function.
registerProcessor("microphone", Microphone);
