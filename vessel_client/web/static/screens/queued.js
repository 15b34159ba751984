// @ts-check
/** After a message was given: where it is, and the code for its answer. */

import { element } from "../dom.js";
import { say } from "../i18n.js";
import { part } from "../part.js";
import { choice, line } from "../parts.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { forgetMessageInHand, visit } from "../visit.js";
import { homeScreen } from "./home.js";
import { liveStates } from "./messages.js";

/** @type {import("../router.js").Screen} */
export function queuedScreen(context) {
  forgetMessageInHand();
  const [message] = visit.messages;
  const title = message.state === "here" ? "state.here" : "queued.title";
  void sayAloud(title);
  return {
    title,
    back: homeScreen,
    content: [liveStates(context, [message]), ...codeWords(message, context), choice("action.home", "home", () => go(homeScreen))],
  };
}

/**
 * @param {import("../visit.js").VisitMessage} message
 * @param {import("../router.js").ScreenContext} context
 */
function codeWords(message, context) {
  if (!message.answerable) {
    return message.kind === "voice" ? [element("p", { class: "line" }, say("queued.no-code"))] : [];
  }
  if (visit.codeKnown) return [line("queued.same-code")];
  const show = async () => {
    const { receiptScreen } = await part(import("./receipt.js"));
    go(receiptScreen);
  };
  return [line("queued.next"), choice("receipt.title", "code", () => void context.attempt(show), { kind: "main" })];
}
