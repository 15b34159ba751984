// @ts-check
/** On a shared screen nothing stays: after a minute without a touch the page clears itself. */

import { element } from "./dom.js";
import { say } from "./i18n.js";
import { isPlaying } from "./audio/player.js";
import { sayAloud } from "./speak.js";

const IDLE_MS = 60_000;
const WARN_MS = 15_000;
const LOOK_EVERY_MS = 500;
const SIGNS = ["pointerdown", "pointermove", "keydown", "input", "scroll"];
/** What the hand of somebody who reads the warning does anyway; only a touch answers it. */
const NO_ANSWER = new Set(["pointermove", "scroll"]);

let lastSignAt = 0;
/** @type {Set<object>} */
const busy = new Set();
/** @type {HTMLElement | null} */
let warning = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let looking;

/**
 * Begin to watch; `clear` is called once nobody is there.
 * @param {() => void} clear
 */
export function watchIdleness(clear) {
  lastSignAt = Date.now();
  for (const sign of SIGNS) addEventListener(sign, hearSign, { capture: true, passive: true });
  looking = setInterval(() => look(clear), LOOK_EVERY_MS);
}

/** Stop watching: the page is left. */
export function stopWatching() {
  clearInterval(looking);
  noteSign();
}

/**
 * Somebody is there although nobody touches, for instance while speaking. Returns what ends it.
 * @returns {() => void}
 */
export function stayAwake() {
  const reason = {};
  busy.add(reason);
  return () => {
    busy.delete(reason);
    noteSign();
  };
}

/** @param {Event} event */
function hearSign(event) {
  // The button of the warning answers by its own click; taking it away before would let the click fall through.
  const onWarning = warning && event.target instanceof Node && warning.contains(event.target);
  if (warning && (onWarning || NO_ANSWER.has(event.type))) return;
  noteSign();
}

function noteSign() {
  lastSignAt = Date.now();
  warning?.remove();
  warning = null;
}

/** @param {() => void} clear */
function look(clear) {
  if (busy.size || isPlaying()) {
    noteSign();
    return;
  }
  const leftMs = IDLE_MS - (Date.now() - lastSignAt);
  if (leftMs <= 0) {
    noteSign();
    clear();
  } else if (leftMs <= WARN_MS) {
    warn(Math.ceil(leftMs / 1000));
  }
}

/** @param {number} seconds */
function warn(seconds) {
  if (!warning) {
    const stay = element("button", { class: "small", type: "button", onclick: noteSign }, say("idle.stay"));
    warning = element("div", { class: "idle", role: "alertdialog", "aria-label": say("idle.stay") }, element("p"), stay);
    document.body.append(warning);
    void sayAloud("idle.stay");
  }
  const text = /** @type {HTMLElement} */ (warning.firstElementChild);
  text.textContent = say("idle.soon", { seconds });
}
