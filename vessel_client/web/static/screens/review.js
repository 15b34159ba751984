// @ts-check
/** After speaking: listen, do it again, say what it is about, change the voice, give it to the box. */

import { encodeOpus } from "../audio/opus-encoder.js";
import { isPlaying, play, stopPlaying } from "../audio/player.js";
import { RATE_HZ, SoundCode, isAudible, toFloat } from "../audio/sound.js";
import { encodeThin } from "../audio/thin.js";
import { element, icon } from "../dom.js";
import { deleteDraft } from "../drafts.js";
import { say } from "../i18n.js";
import { isOwnScreen } from "../own-screen.js";
import { part } from "../part.js";
import { choice, ear, limit, line, newsPlace, smallButton, waitingSign } from "../parts.js";
import { queueRecording } from "../messages.js";
import { go } from "../router.js";
import { visit } from "../visit.js";
import { loudness, wave } from "../wave.js";
import { aboutScreen, chosenCategories } from "./about.js";
import { homeScreen } from "./home.js";
import { queuedScreen } from "./queued.js";
import { speakScreen } from "./speak.js";

/** @typedef {import("../visit.js").Recording} Recording */

/**
 * Begin what a recording needs before it can go, while its maker still looks at it.
 * @param {Pick<Recording, "samples" | "packets" | "draft" | "endedBy" | "fromFile">} made
 * @returns {Recording}
 */
export function takeRecording(made) {
  return { ...made, thin: encodeThin(made.samples), disguised: false };
}

/** @type {import("../router.js").Screen} */
export function reviewScreen(context) {
  const recording = /** @type {Recording} */ (visit.recording);
  const news = newsPlace();
  const give = choice("action.queue", "queue", () => void context.attempt(() => giveToBox(recording, news, context)), {
    kind: "main",
  });
  if (!isAudible(recording.samples)) news.append(line(`error.${SoundCode.SILENT}`, {}, "warning"));
  const again = () =>
    context.attempt(async () => {
      await deleteDraft(recording.draft);
      go(speakScreen);
    });
  const about = visit.categories.length
    ? { detail: chosenCategories() }
    : {};
  return {
    title: "review.title",
    back: homeScreen,
    content: [
      player(recording),
      give,
      news,
      element(
        "div",
        { class: "choices" },
        choice("review.about", "pictures", () => go(aboutScreen(reviewScreen)), about),
        disguiseSwitch(recording, news, context),
        choice("action.redo", "redo", () => void again()),
      ),
      limit("review.sealed", "lock"),
      limit("review.voice.limit", "speak"),
      ...(isOwnScreen() ? [] : [limit("limit.phone-voice", "draft")]),
    ],
  };
}

/** @param {Recording} recording */
function player(recording) {
  const { root, show, mark } = wave();
  show(loudness(recording.samples));
  const seconds = Math.round(recording.samples.length / RATE_HZ);
  const length = element("span", { class: "length" }, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  const button = smallButton("action.listen", "play", () => void toggle(), "listen");
  const toggle = async () => {
    if (isPlaying()) {
      stopPlaying();
      return;
    }
    button.replaceChildren(icon("stop"), say("action.stop"));
    const sound = { samples: toFloat(recording.samples), rateHz: RATE_HZ };
    await play(sound, mark);
    button.replaceChildren(icon("play"), say("action.listen"));
  };
  return element(
    "section",
    { class: "player mine" },
    element("div", { class: "player-row" }, button, root, length),
    line("review.listen-first", {}, "hint"),
  );
}

/**
 * @param {Recording} recording
 * @param {HTMLElement} news
 * @param {import("../router.js").ScreenContext} context
 */
function disguiseSwitch(recording, news, context) {
  const change = () =>
    context.attempt(async () => {
      if (recording.disguised) return;
      news.replaceChildren(waitingSign("review.disguise.working"));
      const { changePitch, drawPitchFactor } = await part(import("../audio/disguise.js"));
      const samples = await changePitch(recording.samples, drawPitchFactor());
      recording.samples.fill(0);
      const packets = await encodeOpus(toFloat(samples));
      // The box codes one recording at a time, and may still be at the one before.
      const thin = recording.thin.then(() => encodeThin(samples));
      Object.assign(recording, { samples, packets, thin, disguised: true });
      if (context.isShown()) go(reviewScreen);
    });
  const button = element(
    "button",
    { class: "choice", type: "button", "aria-pressed": String(recording.disguised), onclick: () => void change() },
    icon(recording.disguised ? "yes" : "disguise"),
    element(
      "span",
      { class: "words" },
      element("span", {}, say("review.disguise")),
      element("small", {}, say("review.disguise.limit")),
    ),
  );
  return element("div", { class: "choice-row" }, button, ear("review.disguise"));
}

/**
 * @param {Recording} recording
 * @param {HTMLElement} news
 * @param {import("../router.js").ScreenContext} context
 */
async function giveToBox(recording, news, context) {
  if (news.querySelector(".waiting")) return;
  news.replaceChildren(waitingSign("review.sealing"));
  await queueRecording(recording);
  await deleteDraft(recording.draft);
  if (context.isShown()) go(queuedScreen);
}
