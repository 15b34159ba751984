// @ts-check
/** Where the page may not use the microphone: the phone's own recorder makes the sound, the page reads it. */

import { SoundCode, canReadFiles } from "../audio/sound.js";
import { prepareCode } from "../codes.js";
import { element, icon } from "../dom.js";
import { DraftWriter } from "../drafts.js";
import { say } from "../i18n.js";
import { stayAwake } from "../idle.js";
import { part } from "../part.js";
import { choice, ear, limit, line, newsPlace, waitingSign } from "../parts.js";
import { go } from "../router.js";
import { visit } from "../visit.js";
import { homeScreen } from "./home.js";
import { picturesScreen } from "./pictures.js";
import { problemScreen } from "./problem.js";
import { reviewScreen, takeRecording } from "./review.js";
import { writeScreen } from "./write.js";

/** @type {import("../router.js").Screen} */
export function fileScreen(context) {
  if (!canReadFiles()) return problemScreen(context, SoundCode.NO_SOUND_HERE, {}, homeScreen, others());
  prepareCode();
  const news = newsPlace();
  const input = /** @type {HTMLInputElement} */ (
    element("input", { type: "file", accept: "audio/*", capture: "user", class: "file-input", id: "recording" })
  );
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void context.attempt(() => take(file, news, context));
  });
  const button = element("label", { class: "choice main", for: "recording" }, icon("file"), say("speak.file.button"));
  return {
    title: "speak.file.title",
    back: homeScreen,
    content: [
      isSecureContext ? line("speak.limit", {}, "hint") : line("speak.file.why"),
      element("div", { class: "choice-row file-row" }, input, button, ear("speak.file.button")),
      news,
      limit("speak.file.trace", "error"),
      element("div", { class: "choices" }, ...others()),
    ],
  };
}

function others() {
  return [
    choice("home.write", "write", () => go(writeScreen)),
    choice("home.pictures", "pictures", () => go(picturesScreen)),
  ];
}

/**
 * @param {File} file
 * @param {HTMLElement} news
 * @param {import("../router.js").ScreenContext} context
 */
async function take(file, news, context) {
  news.replaceChildren(waitingSign("speak.file.reading"));
  const endStayingAwake = stayAwake();
  try {
    const { readRecording } = await part(import("../audio/file.js"));
    const { samples, packets } = await readRecording(file);
    const draft = new DraftWriter(() => {});
    draft.write(packets, Math.ceil(samples.length / 16_000));
    await draft.settle();
    if (!context.isShown()) return;
    visit.recording = takeRecording({ samples, packets, draft: draft.id, endedBy: "person", fromFile: true });
    go(reviewScreen);
  } finally {
    endStayingAwake();
    news.replaceChildren();
  }
}
