// @ts-check
/** Says the labels of the page aloud, from recordings that are named like the keys of the catalogue. */

import { languageTag } from "./i18n.js";

/** @typedef {{ source: "native" | "synthetic" | "none", format: string, keys: string[] }} Prompts */

/** @type {Record<string, Prompts>} */
let index = {};

/** @type {HTMLAudioElement | null} */
let playing = null;

/** Learn which prompts exist. A page without sounds works, so a missing index is no error. */
export async function loadPrompts() {
  try {
    const response = await fetch(new URL("sounds/index.json", import.meta.url).href);
    if (response.ok) index = await response.json();
  } catch (reason) {
    if (!(reason instanceof TypeError || reason instanceof SyntaxError)) throw reason;
  }
}

/**
 * Where the voice of a language comes from.
 * @param {string} [tag]
 * @returns {"native" | "synthetic" | "none"}
 */
export function voiceSource(tag = languageTag()) {
  return index[tag]?.keys.length ? index[tag].source : "none";
}

/**
 * @param {string} key
 * @param {string} [tag]
 */
export function canSay(key, tag = languageTag()) {
  return Boolean(index[tag]?.keys.includes(key));
}

/**
 * Say the text of a key; what was being said stops. Returns once it was said, or at once where it cannot be.
 * @param {string} key
 * @param {string} [tag]
 * @returns {Promise<void>}
 */
export async function sayAloud(key, tag = languageTag()) {
  hush();
  if (!canSay(key, tag)) return;
  const sound = new Audio(new URL(`sounds/${tag}/${key}.${index[tag].format}`, import.meta.url).href);
  playing = sound;
  try {
    await sound.play();
  } catch (reason) {
    // A browser that plays nothing before a touch, or not this format; the words are on the screen.
    if (!(reason instanceof DOMException)) throw reason;
    return;
  }
  await new Promise((resolve) => {
    sound.onended = sound.onpause = sound.onerror = resolve;
  });
}

/** Stop saying anything. */
export function hush() {
  playing?.pause();
  playing = null;
}
