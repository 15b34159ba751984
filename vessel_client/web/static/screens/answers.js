// @ts-check
/** Opening a mailbox: with ten pictures or sixteen digits. A wrong code takes longer each time, and never locks out. */

import { takeCode } from "../codes.js";
import { element, icon, receiptPicture } from "../dom.js";
import { say } from "../i18n.js";
import { stayAwake } from "../idle.js";
import { choice, newsPlace, smallButton, waitingSign } from "../parts.js";
import { Code, ProtocolError } from "../protocol/errors.js";
import { PICTURES, PICTURE_KINDS, ReceiptCode } from "../protocol/mailbox.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { visit } from "../visit.js";
import { conversationScreen } from "./conversation.js";
import { homeScreen } from "./home.js";
import { pictureKey } from "./receipt.js";

const DIGITS = 16;
const WAIT_S_MIN = 2;
const WAIT_S_MAX = 30;

/** Kept for the page, not for the visit: clearing the screen gives nobody faster guesses. */
let waitS = 0;
let mayTryAt = 0;

/** @type {import("../router.js").Screen} */
export function answersScreen(context) {
  if (visit.codeKnown && visit.mailbox) return conversationScreen(context);
  return {
    title: "answers.how",
    back: homeScreen,
    content: [
      element(
        "div",
        { class: "choices" },
        choice("answers.with-pictures", "pictures", () => go(picturesEntry)),
        choice("answers.with-digits", "digits", () => go(digitsEntry)),
      ),
    ],
  };
}

/** @type {import("../router.js").Screen} */
function picturesEntry(context) {
  /** @type {number[]} */
  const chosen = [];
  const news = newsPlace();
  const row = element("ol", { class: "chosen" });
  const prompt = element("p", { class: "question", "aria-live": "polite" });
  const draw = () => {
    row.replaceChildren(
      ...Array.from({ length: PICTURES }, (_, at) =>
        element("li", {}, at < chosen.length ? receiptPicture(chosen[at], say(pictureKey(chosen[at]))) : String(at + 1)),
      ),
    );
    prompt.textContent = chosen.length < PICTURES ? say("answers.choose-picture", { number: chosen.length + 1 }) : "";
  };
  const undo = smallButton("answers.undo", "undo", () => {
    chosen.pop();
    draw();
  });
  const choose = (/** @type {number} */ number) => {
    if (chosen.length >= PICTURES) return;
    chosen.push(number);
    draw();
    void sayAloud(pictureKey(number));
    if (chosen.length === PICTURES) void open(() => ReceiptCode.fromPictures(chosen), news, context);
  };
  const grid = Array.from({ length: PICTURE_KINDS }, (_, number) =>
    element("button", { class: "offer", type: "button", onclick: () => choose(number) }, receiptPicture(number, say(pictureKey(number)))),
  );
  draw();
  return {
    title: "answers.with-pictures",
    back: answersScreen,
    content: [element("div", { class: "entry" }, prompt, row, undo, news), element("div", { class: "picture-grid" }, ...grid)],
  };
}

/** @type {import("../router.js").Screen} */
function digitsEntry(context) {
  const news = newsPlace();
  // Not an input: with large letters the digits take two lines.
  const field = /** @type {HTMLTextAreaElement} */ (
    element("textarea", { id: "code", class: "digits-field", rows: 1, inputmode: "numeric", autocomplete: "off", maxlength: 24 })
  );
  const tidy = () => {
    const digits = field.value.replace(/\D/g, "").slice(0, DIGITS);
    field.value = digits.replace(/(.{4})(?=.)/g, "$1 ");
    return digits;
  };
  const openNow = () => void open(() => ReceiptCode.fromDigits(tidy()), news, context);
  field.addEventListener("input", () => {
    if (tidy().length === DIGITS) openNow();
  });
  const press = (/** @type {string} */ digit) => {
    field.value += digit;
    if (tidy().length === DIGITS) openNow();
  };
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0"].map((digit) =>
    digit ? element("button", { class: "key", type: "button", onclick: () => press(digit) }, digit) : element("span"),
  );
  const undo = () => {
    field.value = tidy().slice(0, -1);
    tidy();
  };
  const back = element("button", { class: "key", type: "button", "aria-label": say("answers.undo"), onclick: undo }, icon("undo"));
  return {
    title: "answers.with-digits",
    back: answersScreen,
    content: [
      element("label", { for: "code", class: "hidden-label" }, say("answers.digits.label")),
      field,
      news,
      element("div", { class: "keypad" }, ...keys, back),
      choice("answers.open", "next", openNow, { kind: "main" }),
    ],
  };
}

/**
 * Read a code and open its mailbox. Whether a mailbox exists is never said: an unknown one is only empty.
 * @param {() => ReceiptCode} read
 * @param {HTMLElement} news
 * @param {import("../router.js").ScreenContext} context
 */
async function open(read, news, context) {
  if (news.querySelector(".waiting")) return;
  const seconds = Math.ceil((mayTryAt - Date.now()) / 1000);
  if (seconds > 0) {
    news.textContent = say("answers.wait", { seconds });
    return;
  }
  let code;
  try {
    code = read();
  } catch (reason) {
    if (!(reason instanceof ProtocolError) || reason.code !== Code.WRONG_CODE) throw reason;
    waitS = Math.min(WAIT_S_MAX, Math.max(WAIT_S_MIN, waitS * 2));
    mayTryAt = Date.now() + waitS * 1000;
    news.replaceChildren(icon("error"), say("error.wrong-code"));
    void sayAloud("error.wrong-code");
    return;
  }
  const endStayingAwake = stayAwake();
  news.replaceChildren(waitingSign("answers.opening"));
  await context.attempt(async () => {
    await takeCode(code);
    waitS = 0;
    if (context.isShown()) go(conversationScreen);
  });
  endStayingAwake();
}
