// @ts-check
/**
 * A check-in in two touches. Holding "I am well" long says duress. Nothing on the screen, in the box's database or on
 * the wire differs: the same button, the same answer, the same size, the same priority, the same code path.
 */

import { element, icon } from "../dom.js";
import { say } from "../i18n.js";
import { choice, ear, line, waitingSign } from "../parts.js";
import { queueCheckIn } from "../messages.js";
import { WellBeing } from "../protocol/message.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { homeScreen } from "./home.js";
import { queuedScreen } from "./queued.js";

const HELD_LONG_MS = 1_500;

/** Their numbers are on the wire and never change (docs/web-page.md). */
const QUESTIONS = Object.freeze([
  { number: 1, name: "rest" },
  { number: 2, name: "food" },
  { number: 3, name: "pay" },
  { number: 4, name: "papers" },
  { number: 5, name: "safe" },
  { number: 6, name: "health" },
]);

/** @type {import("../router.js").Screen} */
export function checkInScreen() {
  const held = holdingTime();
  const well = choice("check-in.well", "well", () => go(givingScreen(held() ? WellBeing.DURESS : WellBeing.WELL)), {
    kind: "well",
  });
  held.watch(/** @type {HTMLElement} */ (well.querySelector("button")));
  return {
    title: "check-in.title",
    back: homeScreen,
    content: [
      element(
        "div",
        { class: "choices tall" },
        well,
        choice("check-in.unwell", "unwell", () => go(givingScreen(WellBeing.UNWELL)), { kind: "unwell" }),
        choice("check-in.help", "help", () => go(givingScreen(WellBeing.HELP)), { kind: "help" }),
      ),
      line("check-in.hint", {}, "hint"),
    ],
  };
}

/** Measures how long a button was held before its click. */
function holdingTime() {
  let pressedAt = 0;
  let heldMs = 0;
  const wasHeldLong = () => heldMs >= HELD_LONG_MS;
  wasHeldLong.watch = (/** @type {HTMLElement} */ button) => {
    const press = () => {
      pressedAt = performance.now();
    };
    const release = () => {
      heldMs = pressedAt ? performance.now() - pressedAt : 0;
      pressedAt = 0;
    };
    button.addEventListener("pointerdown", press);
    button.addEventListener("pointerup", release);
    button.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" || event.key === " ") && !event.repeat) press();
      // Enter clicks when pressed; the release decides instead, as it does for a finger.
      if (event.key === "Enter") event.preventDefault();
    });
    button.addEventListener("keyup", (event) => {
      if (event.key === "Enter" || event.key === " ") release();
      if (event.key === "Enter") button.click();
    });
    // A long press must not open the browser's own menu, which would tell on it.
    button.addEventListener("contextmenu", (event) => event.preventDefault());
  };
  return wasHeldLong;
}

/**
 * @param {number} wellBeing
 * @param {Map<number, boolean>} [answers]
 * @returns {import("../router.js").Screen}
 */
function givingScreen(wellBeing, answers = new Map()) {
  return (context) => {
    void context.attempt(async () => {
      await queueCheckIn(wellBeing, answers);
      if (!context.isShown()) return;
      go(queuedScreenWithQuestions(wellBeing, answers));
    });
    return { title: "check-in.title", content: [waitingSign("review.sealing")] };
  };
}

/**
 * @param {number} wellBeing
 * @param {Map<number, boolean>} answers
 * @returns {import("../router.js").Screen}
 */
function queuedScreenWithQuestions(wellBeing, answers) {
  if (answers.size) return queuedScreen;
  return (context) => {
    const parts = queuedScreen(context);
    const offer = choice("check-in.questions", "check-in", () => go(questionScreen(wellBeing, 0, new Map())));
    return { ...parts, content: [...parts.content, offer] };
  };
}

/**
 * @param {number} wellBeing
 * @param {number} at
 * @param {Map<number, boolean>} answers
 * @returns {import("../router.js").Screen}
 */
function questionScreen(wellBeing, at, answers) {
  return () => {
    const { number, name } = QUESTIONS[at];
    const goOn = () => {
      if (at + 1 < QUESTIONS.length) go(questionScreen(wellBeing, at + 1, answers));
      else go(answers.size ? givingScreen(wellBeing, answers) : homeScreen);
    };
    const answer = (/** @type {boolean} */ yes) => {
      answers.set(number, yes);
      goOn();
    };
    void sayAloud(`question.${name}`);
    return {
      title: `question.${name}`,
      back: homeScreen,
      content: [
        element("div", { class: "question-sign" }, icon(name)),
        element("p", { class: "fine" }, `${at + 1} / ${QUESTIONS.length}`),
        element(
          "div",
          { class: "pair" },
          choice("action.yes", "yes", () => answer(true), { kind: "yes" }),
          choice("action.no", "no", () => answer(false), { kind: "no" }),
        ),
        element("div", { class: "choices" }, choice("action.skip", "next", goOn, { kind: "quiet" })),
        element("div", { class: "line" }, element("p", {}, say("check-in.more")), ear("check-in.more")),
      ],
    };
  };
}
