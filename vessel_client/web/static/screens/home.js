// @ts-check
/** What somebody can do here. */

import { element, icon } from "../dom.js";
import { draftsLeft } from "../drafts.js";
import { boxFacts } from "../facts.js";
import { say } from "../i18n.js";
import { isOwnScreen } from "../own-screen.js";
import { part } from "../part.js";
import { choice, ear, limit, line } from "../parts.js";
import { ProtocolError } from "../protocol/errors.js";
import { go } from "../router.js";
import { voiceSource } from "../speak.js";
import { forgetMessageInHand, visit } from "../visit.js";
import { checkInScreen } from "./check-in.js";
import { languageScreen } from "./language.js";
import { messagesScreen } from "./messages.js";
import { picturesScreen } from "./pictures.js";
import { speakScreen } from "./speak.js";
import { writeScreen } from "./write.js";

/** @type {import("../router.js").Screen} */
export function homeScreen(context) {
  forgetMessageInHand();
  const speak = element(
    "button",
    { class: "speak-button", type: "button", onclick: () => go(speakScreen) },
    icon("speak"),
    element("span", {}, say("home.speak")),
  );
  const speakRow = element("div", { class: "speak-row" }, speak, ear("home.speak"));
  const drafts = element("div", { class: "drafts" });
  void showDrafts(drafts, context);
  // Asked now, so that sealing need not wait for it later, and so that a phone knows the key when it is away.
  boxFacts().catch((reason) => {
    if (!(reason instanceof ProtocolError)) throw reason;
  });
  const others = [
    choice("home.write", "write", () => go(writeScreen)),
    choice("home.pictures", "pictures", () => go(picturesScreen)),
    choice("home.check-in", "check-in", () => go(checkInScreen)),
    choice("home.answers", "answers", () => void context.attempt(openAnswers)),
    visit.messages.length ? choice("home.messages", "messages", () => go(messagesScreen)) : null,
  ];
  return {
    title: "home.title",
    back: languageScreen,
    content: [
      element("div", { class: "speak-place" }, speakRow, line("home.speak.hint", {}, "hint")),
      drafts,
      element("div", { class: "choices" }, ...others),
      ...limits(),
    ],
  };
}

/** @param {import("../drafts.js").Draft} draft */
async function openDraft(draft) {
  const { draftScreen } = await part(import("./draft.js"));
  go(draftScreen(draft));
}

/** Reading answers is a visit of its own, so that the first load does not carry it. */
async function openAnswers() {
  const { answersScreen } = await part(import("./answers.js"));
  go(answersScreen);
}

function limits() {
  const source = voiceSource();
  const silent = element("div", { class: "limit" }, icon("no-sound"), element("p", {}, say("limit.no-sound")));
  return [
    source === "none" ? silent : null,
    source === "synthetic" ? limit("limit.synthetic", "error") : null,
    isSecureContext ? null : limit("limit.http", "urgent"),
    isOwnScreen() ? limit("limit.owner", "error") : null,
    limit("leave.limit", "leave"),
  ].filter((each) => each !== null);
}

/**
 * @param {HTMLElement} place
 * @param {import("../router.js").ScreenContext} context
 */
async function showDrafts(place, context) {
  const drafts = await draftsLeft();
  if (!context.isShown()) return;
  place.replaceChildren(...drafts.map((draft) => choice("draft.title", "draft", () => void context.attempt(() => openDraft(draft)), { kind: "quiet" })));
}
