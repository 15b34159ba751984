// @ts-check
/** What the sound of the page is everywhere: one channel of 16-bit samples at 16 kHz, and the ways it can fail. */

import * as limits from "../protocol/limits.js";

export const RATE_HZ = 16_000;
export const PACKET_SAMPLES = (RATE_HZ * 60) / 1000;
export const SAMPLES_MAX = RATE_HZ * limits.VOICE_SECONDS_MAX;
/** The clear form for a metered link (voice.md). */
export const BITS_PER_SECOND = 8_000;

/** 60 dB under full scale: a working microphone's own hiss is louder, a muted one's is not. */
const AUDIBLE_PEAK_MIN = 32;

export const SoundCode = Object.freeze({
  NO_MICROPHONE: "no-microphone",
  REFUSED: "microphone-refused",
  BUSY: "microphone-busy",
  LOST: "microphone-lost",
  NO_SOUND_HERE: "no-sound-here",
  SILENT: "recording-silent",
  NOT_SOUND: "not-sound",
  TOO_LONG: "recording-too-long",
});

/**
 * @param {Float32Array} samples
 * @returns {Int16Array}
 */
export function toInt16(samples) {
  return Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32768))));
}

/**
 * @param {Int16Array} samples
 * @returns {Float32Array}
 */
export function toFloat(samples) {
  return Float32Array.from(samples, (sample) => sample / 32768);
}

/** @param {Int16Array} samples */
export function isAudible(samples) {
  return samples.some((sample) => sample > AUDIBLE_PEAK_MIN || sample < -AUDIBLE_PEAK_MIN);
}

/** Whether this page may use the microphone at all; on plain http it may not. */
export function hasMicrophone() {
  return isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia) && typeof AudioWorkletNode === "function";
}

/** Whether this browser can read a sound file at all. */
export function canReadFiles() {
  return typeof OfflineAudioContext === "function";
}
