// @ts-check
/** How far the messages of this visit are, live. */

import { element, icon } from "../dom.js";
import { say } from "../i18n.js";
import { STATES, refreshStates } from "../messages.js";
import { ear, line } from "../parts.js";
import { ProtocolError } from "../protocol/errors.js";
import { sayAloud } from "../speak.js";
import { visit } from "../visit.js";
import { homeScreen } from "./home.js";

/** @typedef {import("../visit.js").VisitMessage} VisitMessage */

const ASK_EVERY_MS = 3_000;
const KIND_ICONS = Object.freeze({ voice: "speak", text: "write", "check-in": "check-in", pictures: "pictures" });

/** @type {import("../router.js").Screen} */
export function messagesScreen(context) {
  return { title: "state.title", back: homeScreen, content: [liveStates(context, visit.messages)] };
}

/**
 * @param {import("../router.js").ScreenContext} context
 * @param {VisitMessage[]} messages
 */
export function liveStates(context, messages) {
  const place = element("div", { class: "states", role: "status", "aria-live": "polite" });
  const draw = () => {
    const cards = messages.map((message, at) => stateCard(message, messages.length - at));
    place.replaceChildren(...(cards.length ? cards : [line("state.none")]));
  };
  const ask = async () => {
    const before = messages.map((message) => message.state).join();
    await refreshStates().catch((reason) => {
      // The box is away for a moment; what was known stays on the screen.
      if (!(reason instanceof ProtocolError)) throw reason;
    });
    if (!context.isShown()) return;
    if (messages.map((message) => message.state).join() !== before) void sayAloud(`state.${messages[0].state}`);
    draw();
  };
  draw();
  const timer = setInterval(() => void ask(), ASK_EVERY_MS);
  context.onLeave(() => clearInterval(timer));
  void ask();
  return place;
}

/**
 * @param {VisitMessage} message
 * @param {number} number
 */
function stateCard(message, number) {
  const reached = STATES.indexOf(message.state);
  const steps = STATES.map((state, at) =>
    element(
      "li",
      { class: at <= reached ? "step done" : "step", "aria-current": at === reached ? "step" : false },
      icon(`state-${state}`),
      element("span", {}, say(`state.${state}`)),
    ),
  );
  const aside = ["here", "expired"].includes(message.state)
    ? element("p", { class: "aside" }, icon(`state-${message.state}`), say(`state.${message.state}`))
    : null;
  return element(
    "section",
    { class: "card state", "data-state": message.state },
    element("h2", {}, icon(KIND_ICONS[message.kind]), `${say("state.number", { number })}: ${say(`state.kind.${message.kind}`)}`),
    aside,
    element("ol", { class: "steps" }, ...steps),
    hint(message),
    message.twoForms ? line("state.two-forms", {}, "fine") : null,
  );
}

/** @param {VisitMessage} message */
function hint(message) {
  if (message.state === "expired") return null;
  const unproved = message.state === "opened-by-a-person" && !message.proved;
  const key = unproved ? "state.opened-unproved" : `state.${message.state}.hint`;
  return element("div", { class: "line" }, element("p", {}, say(key)), ear(key));
}
