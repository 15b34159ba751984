// @ts-check
/**
 * Shows one screen at a time. No screen makes an entry in the browser's history, so that Back never leads into what
 * somebody did here; the page has its own way back.
 */

import { stopPlaying } from "./audio/player.js";
import { ProtocolError } from "./protocol/errors.js";
import { frame } from "./frame.js";
import { problemScreen } from "./screens/problem.js";
import { hush } from "./speak.js";

/**
 * What a screen gets. Work that ends later must ask `isShown` before it shows more.
 * @typedef {{
 *   onLeave: (work: () => void) => void,
 *   isShown: () => boolean,
 *   attempt: (work: () => Promise<void>) => Promise<void>,
 * }} ScreenContext
 *
 * A screen returns its content. `back` is where its Back button leads; without one there is none. `foot` stays in
 * sight below content that is longer than the screen, and covers none of it.
 * @typedef {{ title: string, content: HTMLElement[], back?: Screen, foot?: HTMLElement[] }} ScreenParts
 * @typedef {(context: ScreenContext) => ScreenParts} Screen
 */

/** @type {(() => void)[]} */
let leaving = [];
let shownCount = 0;

/**
 * Replace what is shown.
 * @param {Screen} screen
 */
export function go(screen) {
  leaveScreen();
  shownCount += 1;
  const mine = shownCount;
  const isShown = () => mine === shownCount;
  const context = {
    onLeave: (/** @type {() => void} */ work) => void leaving.push(work),
    isShown,
    attempt: (/** @type {() => Promise<void>} */ work) => attempt(work, screen, isShown),
  };
  const page = /** @type {HTMLElement} */ (document.getElementById("page"));
  page.replaceChildren(...frame(screen(context), go));
  scrollTo(0, 0);
  page.querySelector("h1")?.focus({ preventScroll: true });
}

/** End what the shown screen does: sounds, microphones, timers. */
export function leaveScreen() {
  for (const work of leaving.splice(0)) work();
  hush();
  stopPlaying();
}

/**
 * Do something that can fail in ways that a person must be told.
 * @param {() => Promise<void>} work
 * @param {Screen} screen where to return to
 * @param {() => boolean} isShown
 */
async function attempt(work, screen, isShown) {
  try {
    await work();
  } catch (reason) {
    if (!isShown()) return;
    if (!(reason instanceof ProtocolError)) {
      // A bug of ours; the person gets a sentence, the console gets the rest.
      console.error(reason);
      go((context) => problemScreen(context, "unknown", {}, screen));
      return;
    }
    const { code, details } = reason;
    go((context) => problemScreen(context, code, details, screen));
  }
}
