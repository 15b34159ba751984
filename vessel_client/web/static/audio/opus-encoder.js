// @ts-check
/** Opus in packets of 60 ms: with the browser's own coder where it has one, else with libopus as WebAssembly. */

import { packetsOfPage } from "./ogg.js";
import { BITS_PER_SECOND, PACKET_SAMPLES, RATE_HZ } from "./sound.js";

/**
 * Takes samples in any portions. `finish` returns all packets; `packets` grows as they come.
 * @typedef {{
 *   packets: Uint8Array[],
 *   take: (samples: Float32Array) => void,
 *   finish: () => Promise<Uint8Array[]>,
 *   close: () => void,
 * }} OpusEncoder
 */

const CONFIGURATION = {
  codec: "opus",
  sampleRate: RATE_HZ,
  numberOfChannels: 1,
  bitrate: BITS_PER_SECOND,
  opus: { frameDuration: 60_000, application: "voip", signal: "voice", complexity: 9 },
};

/** Whether the browser codes Opus itself. */
export async function hasOwnOpus() {
  if (typeof AudioEncoder !== "function") return false;
  try {
    return Boolean((await AudioEncoder.isConfigSupported(/** @type {any} */ (CONFIGURATION))).supported);
  } catch (reason) {
    if (!(reason instanceof TypeError)) throw reason;
    return false;
  }
}

/** @returns {Promise<OpusEncoder>} */
export async function makeOpusEncoder() {
  return (await hasOwnOpus()) ? new BrowserEncoder() : WorkerEncoder.start();
}

/**
 * Code a whole recording.
 * @param {Float32Array} samples
 */
export async function encodeOpus(samples) {
  const encoder = await makeOpusEncoder();
  try {
    for (let at = 0; at < samples.length; at += RATE_HZ) encoder.take(samples.subarray(at, at + RATE_HZ));
    return await encoder.finish();
  } finally {
    encoder.close();
  }
}

/** Cuts samples into portions of one packet each; both coders want them so. */
class Portions {
  /** @param {(portion: Float32Array) => void} give */
  constructor(give) {
    this.give = give;
    this.held = new Float32Array(PACKET_SAMPLES);
    this.filled = 0;
  }

  /** @param {Float32Array} samples */
  take(samples) {
    for (let at = 0; at < samples.length; ) {
      const count = Math.min(samples.length - at, PACKET_SAMPLES - this.filled);
      this.held.set(samples.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      if (this.filled === PACKET_SAMPLES) this.send();
    }
  }

  /** Give the last portion, filled up with silence. */
  end() {
    if (this.filled) this.send();
  }

  send() {
    this.give(this.held);
    this.held = new Float32Array(PACKET_SAMPLES);
    this.filled = 0;
  }
}

/** @implements {OpusEncoder} */
class BrowserEncoder {
  constructor() {
    /** @type {Uint8Array[]} */
    this.packets = [];
    this.taken = 0;
    this.portions = new Portions((portion) => this.send(portion));
    this.coder = new AudioEncoder({
      output: (/** @type {any} */ chunk) => {
        const packet = new Uint8Array(chunk.byteLength);
        chunk.copyTo(packet);
        this.packets.push(packet);
      },
      error: (/** @type {DOMException} */ reason) => {
        throw reason;
      },
    });
    this.coder.configure(/** @type {any} */ (CONFIGURATION));
  }

  /** @param {Float32Array} samples */
  take(samples) {
    this.portions.take(samples);
  }

  /** @param {Float32Array} portion */
  send(portion) {
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: RATE_HZ,
      numberOfFrames: PACKET_SAMPLES,
      numberOfChannels: 1,
      timestamp: Math.round((this.taken / RATE_HZ) * 1e6),
      data: /** @type {BufferSource} */ (portion),
    });
    this.coder.encode(data);
    data.close();
    this.taken += PACKET_SAMPLES;
  }

  async finish() {
    this.portions.end();
    await this.coder.flush();
    return this.packets;
  }

  close() {
    if (this.coder.state !== "closed") this.coder.close();
  }
}

/** @implements {OpusEncoder} */
class WorkerEncoder {
  /** @returns {Promise<WorkerEncoder>} */
  static async start() {
    const encoder = new WorkerEncoder();
    await encoder.ready;
    return encoder;
  }

  constructor() {
    /** @type {Uint8Array[]} */
    this.packets = [];
    this.portions = new Portions((portion) => this.worker.postMessage({ command: "encode", buffers: [portion] }));
    this.worker = new Worker(new URL("../../vendor/opus-encoder-worker.js", import.meta.url));
    /** @type {(value?: any) => void} */
    this.answered = () => {};
    this.ready = this.command({
      command: "init",
      originalSampleRate: RATE_HZ,
      encoderSampleRate: RATE_HZ,
      numberOfChannels: 1,
      encoderApplication: 2048,
      encoderFrameSize: 60,
      encoderBitRate: BITS_PER_SECOND,
      encoderComplexity: 9,
      maxFramesPerPage: 1,
      resampleQuality: 3,
    });
    this.worker.onmessage = ({ data }) => {
      if (data.message === "page") this.packets.push(...packetsOfPage(data.page));
      else this.answered();
    };
  }

  /** @param {Record<string, any>} order */
  command(order) {
    return new Promise((resolve) => {
      this.answered = resolve;
      this.worker.postMessage(order);
    });
  }

  /** @param {Float32Array} samples */
  take(samples) {
    this.portions.take(samples);
  }

  async finish() {
    this.portions.end();
    await this.command({ command: "done" });
    return this.packets;
  }

  close() {
    this.worker.terminate();
  }
}
