// @ts-check
/** The words of the page, in the language that the person chose. */

import { Code, ProtocolError } from "./protocol/errors.js";

const FIRST_LANGUAGE = "en";

/** @type {Record<string, any>} */
let words = {};
let tag = FIRST_LANGUAGE;

/** The BCP 47 tag of the language in use. */
export function languageTag() {
  return tag;
}

/**
 * Load a catalogue and use it from now on; throws `page-incomplete`.
 * @param {string} wanted a BCP 47 tag
 */
export async function useLanguage(wanted) {
  words = await load(wanted);
  tag = wanted;
  document.documentElement.lang = wanted;
  // The same neutral title in every place: it is what a list of open pages and a history show.
  document.title = say("cover.title");
}

/** Go back to the words that the start page has before anybody chose a language. */
export async function forgetLanguage() {
  if (tag !== FIRST_LANGUAGE || !("language.title" in words)) await useLanguage(FIRST_LANGUAGE);
}

/**
 * The text of a key, with `{names}` filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  const text = typeof words[key] === "string" ? words[key] : key;
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ whole, /** @type {string} */ name) =>
    name in values ? String(values[name]) : whole,
  );
}

/**
 * @param {string} key
 */
export function hasWords(key) {
  return typeof words[key] === "string";
}

/**
 * How long ago something was, in words.
 * @param {number} at Unix seconds
 */
export function sayWhen(at) {
  const minutes = Math.floor((Date.now() / 1000 - at) / 60);
  if (minutes < 1) return say("when.now");
  if (minutes < 60) return say("when.minutes", { count: minutes });
  if (minutes < 48 * 60) return say("when.hours", { count: Math.floor(minutes / 60) });
  return say("when.days", { count: Math.floor(minutes / 1440) });
}

/**
 * @param {string} wanted
 * @returns {Promise<Record<string, any>>}
 */
async function load(wanted) {
  try {
    const response = await fetch(new URL(`../locales/${wanted}.json`, import.meta.url).href);
    if (response.ok) return await response.json();
  } catch (reason) {
    if (!(reason instanceof TypeError || reason instanceof SyntaxError)) throw reason;
  }
  throw new ProtocolError(Code.PAGE_INCOMPLETE, "The words of this language could not be loaded.");
}
