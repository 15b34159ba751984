// @ts-check
/** Says what did not work, in words made for it, and what can be done. */

import { element, icon } from "../dom.js";
import { hasWords, say } from "../i18n.js";
import { choice, ear } from "../parts.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { homeSoonScreen } from "./home-soon.js";

/**
 * @param {import("../router.js").ScreenContext} _context
 * @param {string} code
 * @param {Record<string, string | number>} details
 * @param {import("../router.js").Screen} again
 * @param {HTMLElement[]} [offers] what else can be done
 * @returns {import("../router.js").ScreenParts}
 */
export function problemScreen(_context, code, details, again, offers = []) {
  const known = hasWords(`error.${code}`) ? `error.${code}` : "error.unknown";
  const seconds = details.retryAfterS ?? 10;
  void sayAloud(known);
  return {
    title: "error.title",
    back: homeSoonScreen,
    content: [
      element("div", { class: "problem" }, icon("error"), element("p", {}, say(known, { seconds })), ear(known)),
      element("div", { class: "choices" }, ...offers, choice("action.try-again", "redo", () => go(again))),
      element("p", { class: "fine" }, say("error.code", { code })),
    ],
  };
}
