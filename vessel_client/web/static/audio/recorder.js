// @ts-check
/** Records from the microphone: samples for listening again, and Opus packets as they come. */

import { ProtocolError } from "../protocol/errors.js";
import { makeOpusEncoder } from "./opus-encoder.js";
import { Resampler } from "./resample.js";
import { RATE_HZ, SAMPLES_MAX, SoundCode, toInt16 } from "./sound.js";

/**
 * @typedef {{
 *   onSecond: (packets: Uint8Array[], seconds: number) => void,
 *   onLevel: (level: number) => void,
 *   onEnd: (endedBy: "limit" | "lost") => void,
 * }} Told `level` goes from 0 to 1
 */

/** One recording. Make it with `start`; after `stop` it gives the microphone back. */
export class Recorder {
  /**
   * Ask for the microphone and begin; throws one of `SoundCode`.
   * @param {Told} told
   */
  static async start(told) {
    const recorder = new Recorder(told);
    recorder.stream = await askForMicrophone();
    try {
      recorder.encoder = await makeOpusEncoder();
      await recorder.listen();
    } catch (reason) {
      recorder.letGo();
      if (!(reason instanceof DOMException)) throw reason;
      throw new ProtocolError(SoundCode.NO_SOUND_HERE, `This browser cannot record (${reason.name}).`);
    }
    return recorder;
  }

  /** @param {Told} told */
  constructor(told) {
    this.told = told;
    this.samples = new Int16Array(RATE_HZ * 10);
    this.count = 0;
    this.paused = false;
    this.stopped = false;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {import("./opus-encoder.js").OpusEncoder | null} */
    this.encoder = null;
    this.resampler = new Resampler(RATE_HZ);
  }

  get seconds() {
    return this.count / RATE_HZ;
  }

  async listen() {
    const context = makeContext();
    this.context = context;
    this.resampler = new Resampler(context.sampleRate);
    await context.audioWorklet.addModule(new URL("microphone-worklet.js", import.meta.url).href);
    const stream = /** @type {MediaStream} */ (this.stream);
    const source = context.createMediaStreamSource(stream);
    const worklet = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0, channelCount: 1 });
    worklet.port.onmessage = ({ data }) => this.hear(data);
    source.connect(worklet);
    for (const track of stream.getTracks()) track.onended = () => this.end("lost");
    await context.resume();
  }

  /** @param {Float32Array} block */
  hear(block) {
    if (this.paused || this.stopped) return;
    const samples = this.resampler.take(block).subarray(0, SAMPLES_MAX - this.count);
    const before = Math.floor(this.seconds);
    this.keep(samples);
    this.encoder?.take(samples);
    this.told.onLevel(levelOf(samples));
    if (Math.floor(this.seconds) > before && this.encoder) {
      this.told.onSecond(this.encoder.packets, Math.floor(this.seconds));
    }
    if (this.count >= SAMPLES_MAX) this.end("limit");
  }

  /** @param {Float32Array} samples */
  keep(samples) {
    if (this.count + samples.length > this.samples.length) {
      const larger = new Int16Array(Math.min(SAMPLES_MAX, this.samples.length * 2));
      larger.set(this.samples);
      this.samples.fill(0);
      this.samples = larger;
    }
    this.samples.set(toInt16(samples), this.count);
    this.count += samples.length;
  }

  pause() {
    this.paused = true;
    this.told.onLevel(0);
  }

  resume() {
    this.paused = false;
  }

  /** @param {"limit" | "lost"} endedBy */
  end(endedBy) {
    if (this.stopped) return;
    this.stopped = true;
    this.told.onEnd(endedBy);
  }

  /**
   * End the recording and give the microphone back.
   * @returns {Promise<{ samples: Int16Array, packets: Uint8Array[] }>}
   */
  async stop() {
    this.stopped = true;
    const packets = this.encoder ? await this.encoder.finish() : [];
    this.letGo();
    return { samples: this.samples.slice(0, this.count), packets };
  }

  letGo() {
    this.stopped = true;
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    void this.context?.close().catch(() => null);
    this.context = null;
    this.encoder?.close();
  }
}

/** @returns {Promise<MediaStream>} */
async function askForMicrophone() {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true },
    });
  } catch (reason) {
    if (!(reason instanceof DOMException)) throw reason;
    const codes = /** @type {Record<string, string>} */ ({
      NotAllowedError: SoundCode.REFUSED,
      NotReadableError: SoundCode.BUSY,
    });
    const code = codes[reason.name] ?? SoundCode.NO_MICROPHONE;
    throw new ProtocolError(code, `The microphone cannot be used (${reason.name}).`);
  }
}

/** @returns {AudioContext} */
function makeContext() {
  try {
    return new AudioContext({ sampleRate: RATE_HZ });
  } catch (reason) {
    // Not every browser joins a microphone to a context of another rate; then we resample.
    if (!(reason instanceof DOMException)) throw reason;
    return new AudioContext();
  }
}

/** @param {Float32Array} samples */
function levelOf(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-9);
  return Math.max(0, Math.min(1, (decibels + 60) / 50));
}
