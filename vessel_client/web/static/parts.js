// @ts-check
/** The few kinds of things that the screens are made of. */

import { element, icon } from "./dom.js";
import { say } from "./i18n.js";
import { canSay, sayAloud } from "./speak.js";

/**
 * The button that says a text aloud; nothing where no voice exists for it.
 * @param {string} key
 * @returns {HTMLElement | null}
 */
export function ear(key) {
  if (!canSay(key)) return null;
  const label = `${say("action.hear")}: ${say(key)}`;
  const onclick = (/** @type {Event} */ event) => {
    event.stopPropagation();
    void sayAloud(key);
  };
  return element("button", { class: "ear", type: "button", "aria-label": label, onclick }, icon("ear"));
}

/**
 * A text with its ear.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @param {string} [kind]
 */
export function line(key, values = {}, kind = "line") {
  return element("div", { class: kind }, element("p", {}, say(key, values)), ear(key));
}

/**
 * A limit of what this page can promise, where a person meets it. A lock stands only where something is safe: who
 * cannot read goes by the picture.
 * @param {string} key
 * @param {string} pictogram
 */
export function limit(key, pictogram) {
  return element("div", { class: "limit" }, icon(pictogram, pictogram), element("p", {}, say(key)), ear(key));
}

/**
 * A large button with a pictogram, and its ear beside it.
 * @param {string} key
 * @param {string} pictogram
 * @param {() => void} onclick
 * @param {{ kind?: string, values?: Record<string, string | number>, detail?: string }} [options]
 */
export function choice(key, pictogram, onclick, { kind = "", values = {}, detail } = {}) {
  const words = element(
    "span",
    { class: "words" },
    element("span", {}, say(key, values)),
    detail ? element("small", {}, detail) : null,
  );
  const button = element("button", { class: `choice ${kind}`.trim(), type: "button", onclick }, icon(pictogram), words);
  return element("div", { class: "choice-row" }, button, ear(key));
}

/**
 * @param {string} key
 * @param {string} pictogram
 * @param {() => void} onclick
 * @param {string} [kind]
 */
export function smallButton(key, pictogram, onclick, kind = "") {
  return element("button", { class: `small ${kind}`.trim(), type: "button", onclick }, icon(pictogram), say(key));
}

/**
 * A place where news is read out by screen readers.
 * @param {string} [kind]
 */
export function newsPlace(kind = "news") {
  return element("div", { class: kind, role: "status", "aria-live": "polite" });
}

/** Shows that something takes a moment. */
export function waitingSign(/** @type {string} */ key) {
  return element("div", { class: "waiting", role: "status" }, element("span", { class: "wheel" }), line(key));
}
