// @ts-check
/** The code of this visit: ten pictures or sixteen digits, and a little practice. */

import { element, icon, receiptPicture } from "../dom.js";
import { say } from "../i18n.js";
import { choice, limit, line, smallButton } from "../parts.js";
import { PICTURES, PICTURE_KINDS } from "../protocol/mailbox.js";
import { randomBytes } from "../sealing.js";
import { go } from "../router.js";
import { canSay, sayAloud } from "../speak.js";
import { visit } from "../visit.js";
import { homeScreen } from "./home.js";
import { queuedScreen } from "./queued.js";

/** @typedef {import("../protocol/mailbox.js").ReceiptCode} ReceiptCode */
/** @typedef {"pictures" | "digits"} CodeForm */

const QUESTIONS = 3;
const OFFERED = 4;
const GROUPS = 4;

/**
 * The catalogue's key of a picture.
 * @param {number} number
 */
export function pictureKey(number) {
  return `picture.${String(number).padStart(2, "0")}`;
}

/** @type {import("../router.js").Screen} */
export function receiptScreen(context) {
  return codeScreen("pictures")(context);
}

/**
 * @param {CodeForm} form
 * @returns {import("../router.js").Screen}
 */
function codeScreen(form) {
  return () => {
    const code = /** @type {ReceiptCode} */ (visit.code);
    const tab = (/** @type {CodeForm} */ name) =>
      element(
        "button",
        { class: "tab", type: "button", "aria-pressed": String(name === form), onclick: () => go(codeScreen(name)) },
        icon(name),
        say(`receipt.${name}`),
      );
    return {
      title: "receipt.title",
      back: queuedScreen,
      content: [
        line("receipt.keep"),
        element("div", { class: "tabs" }, tab("pictures"), tab("digits")),
        form === "pictures" ? pictureList(code.pictures()) : digitGroups(code.digits()),
        choice("receipt.practise", "next", () => go(rehearseScreen(form, drawPositions(form), 0)), { kind: "main" }),
        line("receipt.why"),
        limit("receipt.secret", "lock"),
        line("receipt.lost", {}, "hint"),
        element(
          "div",
          { class: "choices" },
          choice("receipt.known", "yes", known, { kind: "quiet" }),
          choice("receipt.no-answer", "no", () => go(homeScreen), { kind: "quiet" }),
        ),
      ],
    };
  };
}

function known() {
  visit.codeKnown = true;
  go(homeScreen);
}

/** @param {number[]} pictures */
function pictureList(pictures) {
  const items = pictures.map((number, at) => {
    const name = say(pictureKey(number));
    const shown = [receiptPicture(number, ""), element("span", { class: "name" }, name)];
    const place = element("span", { class: "place", "aria-hidden": "true" }, String(at + 1));
    if (!canSay(pictureKey(number))) return element("li", {}, place, ...shown);
    const hear = () => void sayAloud(pictureKey(number));
    return element("li", {}, place, element("button", { class: "plain", type: "button", onclick: hear }, ...shown));
  });
  return element("ol", { class: "code-pictures" }, ...items);
}

/** @param {string} digits */
function digitGroups(digits) {
  return element(
    "ol",
    { class: "code-digits" },
    ...digits.split(" ").map((group) => element("li", {}, group)),
  );
}

/**
 * Which places of the code are asked about.
 * @param {CodeForm} form
 */
function drawPositions(form) {
  const places = form === "pictures" ? PICTURES : GROUPS;
  return shuffle(Array.from({ length: places }, (_, at) => at)).slice(0, QUESTIONS);
}

/**
 * @param {CodeForm} form
 * @param {number[]} positions
 * @param {number} at
 * @returns {import("../router.js").Screen}
 */
function rehearseScreen(form, positions, at) {
  return () => {
    const position = positions[at];
    const news = element("div", { class: "news", role: "status", "aria-live": "assertive" });
    const again = smallButton("rehearse.show", "code", () => go(codeScreen(form)));
    const right = () => {
      if (at + 1 < positions.length) go(rehearseScreen(form, positions, at + 1));
      else go(rehearsedScreen);
    };
    const wrong = () => {
      news.replaceChildren(icon("error"), say("rehearse.wrong"));
      void sayAloud("rehearse.wrong");
    };
    const question = form === "pictures" ? "rehearse.question" : "rehearse.digits-question";
    return {
      title: form === "pictures" ? "rehearse.title" : "receipt.practise",
      back: codeScreen(form),
      content: [
        element("p", { class: "big-number", "aria-hidden": "true" }, String(position + 1)),
        element("p", { class: "question" }, say(question, { number: position + 1 })),
        element("div", { class: "offers" }, ...offers(form, position, right, wrong)),
        news,
        again,
      ],
    };
  };
}

/**
 * @param {CodeForm} form
 * @param {number} position
 * @param {() => void} right
 * @param {() => void} wrong
 */
function offers(form, position, right, wrong) {
  const code = /** @type {ReceiptCode} */ (visit.code);
  if (form === "pictures") {
    const truth = code.pictures()[position];
    const others = shuffle(Array.from({ length: PICTURE_KINDS }, (_, number) => number).filter((each) => each !== truth));
    return shuffle([truth, ...others.slice(0, OFFERED - 1)]).map((number) =>
      element(
        "button",
        { class: "offer", type: "button", onclick: number === truth ? right : wrong },
        receiptPicture(number, say(pictureKey(number))),
      ),
    );
  }
  const truth = code.digits().split(" ")[position];
  const others = Array.from({ length: OFFERED - 1 }, () => String(1000 + (wordOf(randomBytes(2)) % 9000)));
  return shuffle([truth, ...others]).map((digits) =>
    element("button", { class: "offer digits", type: "button", onclick: digits === truth ? right : wrong }, digits),
  );
}

/** @type {import("../router.js").Screen} */
function rehearsedScreen() {
  visit.codeKnown = true;
  void sayAloud("rehearse.done");
  return {
    title: "rehearse.done",
    back: receiptScreen,
    content: [
      element("div", { class: "big-sign" }, icon("yes")),
      line("receipt.why"),
      choice("action.home", "home", () => go(homeScreen), { kind: "main" }),
    ],
  };
}

/**
 * @template T
 * @param {T[]} items
 * @returns {T[]}
 */
function shuffle(items) {
  const keyed = items.map((item) => ({ item, key: wordOf(randomBytes(2)) }));
  return keyed.sort((left, right) => left.key - right.key).map(({ item }) => item);
}

/** @param {Uint8Array} bytes two of them */
function wordOf([high, low]) {
  return high * 256 + low;
}
