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

/** @implements {OpusEncoder} */
class BrowserEncoder {
  constructor() {
    /** @type {Uint8Array[]} */
    this.packets = [];
    this.taken = 0;
    this.held = new Float32Array(PACKET_SAMPLES);
    this.filled = 0;
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
    for (let at = 0; at < samples.length; ) {
      const count = Math.min(samples.length - at, PACKET_SAMPLES - this.filled);
      this.held.set(samples.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      if (this.filled === PACKET_SAMPLES) this.send();
    }
  }

  send() {
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: RATE_HZ,
      numberOfFrames: PACKET_SAMPLES,
      numberOfChannels: 1,
      timestamp: Math.round((this.taken / RATE_HZ) * 1e6),
      data: this.held,
    });
    this.coder.encode(data);
    data.close();
    this.taken += PACKET_SAMPLES;
    this.held.fill(0);
    this.filled = 0;
  }

  async finish() {
    if (this.filled) this.send();
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
    this.worker.postMessage({ command: "encode", buffers: [samples.slice()] });
  }

  async finish() {
    await this.command({ command: "done" });
    return this.packets;
  }

  close() {
    this.worker.terminate();
  }
}
