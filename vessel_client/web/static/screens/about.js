// @ts-check
/** The pictograms: what a report is about, and whether help is needed now. */

import { element, icon } from "../dom.js";
import { say } from "../i18n.js";
import { choice, ear, line, newsPlace } from "../parts.js";
import * as limits from "../protocol/limits.js";
import { Category } from "../protocol/message.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { visit } from "../visit.js";
import { GROUPS, categoryKey, isUrgent, keyOfNumber, mustAsk } from "./categories.js";

/** The chosen categories as one line of words. */
export function chosenCategories() {
  return visit.categories.map((number) => say(`category.${keyOfNumber(number)}`)).join(" · ");
}

/**
 * Choose, then go on to `after`.
 * @param {import("../router.js").Screen} after
 * @returns {import("../router.js").Screen}
 */
export function aboutScreen(after) {
  return () => ({
    title: "about.title",
    back: after,
    content: [line("about.hint", {}, "hint"), ...pictograms()],
    foot: [choice("action.next", "next", () => goOn(after), { kind: "main" })],
  });
}

/** Ask about urgency where it must be asked, once; else go on. */
export function goOn(/** @type {import("../router.js").Screen} */ after) {
  if (visit.urgent === null && mustAsk(visit.categories)) go(urgentScreen(after));
  else go(after);
}

/**
 * @param {import("../router.js").Screen} after
 * @returns {import("../router.js").Screen}
 */
function urgentScreen(after) {
  const answer = (/** @type {boolean} */ now) => {
    // What always hurries does so with either answer; the answer then only confirms it.
    visit.urgent = now || isUrgent(visit.categories);
    go(after);
  };
  return () => {
    void sayAloud("urgent.title");
    return {
      title: "urgent.title",
      back: after,
      content: [
        element("div", { class: "urgent-sign" }, icon("urgent")),
        line("urgent.hint", {}, "hint"),
        element(
          "div",
          { class: "pair" },
          choice("action.yes", "yes", () => answer(true), { kind: "main" }),
          choice("action.no", "no", () => answer(false)),
        ),
      ],
    };
  };
}

/** @returns {HTMLElement[]} */
export function pictograms() {
  const full = newsPlace();
  const groups = GROUPS.map(({ name, categories }) =>
    element(
      "section",
      { class: "group", "aria-label": say(`group.${name}`) },
      element("h2", {}, say(`group.${name}`)),
      element("div", { class: "pictograms" }, ...categories.map((each) => pictogram(each, full))),
    ),
  );
  return [...groups, full];
}

/**
 * @param {keyof typeof Category} name
 * @param {HTMLElement} full
 */
function pictogram(name, full) {
  const number = Category[name];
  const key = `category.${categoryKey(name)}`;
  const button = element(
    "button",
    { class: "pictogram", type: "button", "aria-pressed": String(visit.categories.includes(number)) },
    icon(categoryKey(name)),
    element("span", {}, say(key)),
  );
  button.addEventListener("click", () => {
    const chosen = visit.categories.includes(number);
    full.textContent = "";
    if (!chosen && visit.categories.length >= limits.CATEGORIES_MAX) {
      full.textContent = say("about.full");
      return;
    }
    visit.categories = chosen
      ? visit.categories.filter((each) => each !== number)
      : [...visit.categories, number];
    visit.urgent = null;
    button.setAttribute("aria-pressed", String(!chosen));
    if (!chosen) void sayAloud(key);
  });
  return element("div", { class: "pictogram-place" }, button, ear(key));
}
