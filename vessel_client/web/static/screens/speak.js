// @ts-check
/** Recording: one large button, the level, the time that is left. */

import { Recorder } from "../audio/recorder.js";
import { SoundCode, hasMicrophone } from "../audio/sound.js";
import { showBar } from "../banner.js";
import { prepareCode } from "../codes.js";
import { element, icon } from "../dom.js";
import { DraftWriter } from "../drafts.js";
import { say } from "../i18n.js";
import { stayAwake } from "../idle.js";
import { choice, line, newsPlace, smallButton, waitingSign } from "../parts.js";
import { ProtocolError } from "../protocol/errors.js";
import * as limits from "../protocol/limits.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { visit } from "../visit.js";
import { wave } from "../wave.js";
import { fileScreen } from "./file.js";
import { homeScreen } from "./home.js";
import { picturesScreen } from "./pictures.js";
import { problemScreen } from "./problem.js";
import { reviewScreen, takeRecording } from "./review.js";
import { writeScreen } from "./write.js";

const SOON_FULL_S = 30;
const QUIET_LEVEL = 0.08;
const QUIET_BLOCKS = 60;

/** @type {import("../router.js").Screen} */
export function speakScreen(context) {
  if (!hasMicrophone()) return fileScreen(context);
  const place = element("div", { class: "recording" }, waitingSign("speak.starting"));
  void begin(place, context);
  return { title: "speak.title", back: homeScreen, content: [place, line("speak.limit", {}, "hint")] };
}

/**
 * @param {HTMLElement} place
 * @param {import("../router.js").ScreenContext} context
 */
async function begin(place, context) {
  const session = new Session(place, context);
  try {
    session.recorder = await Recorder.start(session);
  } catch (reason) {
    if (!(reason instanceof ProtocolError)) throw reason;
    if (context.isShown()) go((shown) => noSound(shown, reason.code));
    return;
  }
  context.onLeave(() => session.leave());
  if (context.isShown()) session.show();
  else session.leave();
}

/**
 * @param {import("../router.js").ScreenContext} context
 * @param {string} code
 */
function noSound(context, code) {
  const offers = [
    choice("home.write", "write", () => go(writeScreen), { kind: "main" }),
    choice("home.pictures", "pictures", () => go(picturesScreen)),
    choice("speak.file.button", "file", () => go(fileScreen)),
  ];
  return problemScreen(context, code, {}, speakScreen, offers);
}

/** One recording on the screen. */
class Session {
  /**
   * @param {HTMLElement} place
   * @param {import("../router.js").ScreenContext} context
   */
  constructor(place, context) {
    this.place = place;
    this.context = context;
    /** @type {Recorder | null} */
    this.recorder = null;
    this.done = false;
    this.quietBlocks = 0;
    this.wave = wave({ role: "img", "aria-label": say("speak.level") });
    this.clock = element("div", { class: "clock" }, "0:00");
    this.news = newsPlace();
    this.kept = newsPlace("kept");
    this.draft = new DraftWriter((problem) => this.tellKept(problem));
    this.endStayingAwake = stayAwake();
  }

  show() {
    prepareCode();
    const stop = element(
      "button",
      { class: "stop-button", type: "button", onclick: () => void this.finish("person") },
      icon("stop"),
      element("span", {}, say("action.stop")),
    );
    this.pause = smallButton("action.pause", "pause", () => this.togglePause());
    this.place.replaceChildren(this.wave.root, this.clock, stop, this.pause, this.news, this.kept);
    this.place.classList.add("live");
    this.news.textContent = say("speak.recording");
    stop.focus();
  }

  togglePause() {
    const recorder = /** @type {Recorder} */ (this.recorder);
    if (recorder.paused) recorder.resume();
    else recorder.pause();
    const { paused } = recorder;
    this.pause?.replaceChildren(icon(paused ? "record" : "pause"), say(paused ? "action.continue" : "action.pause"));
    this.place.classList.toggle("paused", paused);
    this.news.textContent = say(paused ? "speak.paused" : "speak.recording");
  }

  /**
   * @param {Uint8Array[]} packets
   * @param {number} seconds
   */
  onSecond(packets, seconds) {
    this.draft.write(packets, seconds);
    this.clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (limits.VOICE_SECONDS_MAX - seconds === SOON_FULL_S) {
      this.news.textContent = say("speak.soon-full");
      void sayAloud("speak.soon-full");
    }
  }

  /** @param {number} level */
  onLevel(level) {
    if (!this.recorder?.paused) this.wave.push(level);
    this.quietBlocks = level < QUIET_LEVEL && !this.recorder?.paused ? this.quietBlocks + 1 : 0;
    if (this.quietBlocks === QUIET_BLOCKS) this.news.textContent = say("speak.quiet");
  }

  /** @param {"limit" | "lost"} endedBy */
  onEnd(endedBy) {
    void this.finish(endedBy);
  }

  /** @param {ProtocolError | null} problem */
  tellKept(problem) {
    this.kept.textContent = say(problem ? "speak.kept-in-memory" : "speak.kept");
  }

  /** @param {"person" | "limit" | "lost"} endedBy */
  async finish(endedBy) {
    if (this.done) return;
    this.done = true;
    const { samples, packets } = await /** @type {Recorder} */ (this.recorder).stop();
    this.endStayingAwake();
    if (!this.context.isShown()) return;
    this.draft.write(packets, Math.ceil(samples.length / 16_000));
    await this.draft.settle();
    visit.recording = takeRecording({ samples, packets, draft: this.draft.id, endedBy, fromFile: false });
    if (endedBy === "limit") showBar(say("speak.full"));
    if (endedBy === "lost") showBar(say(`error.${SoundCode.LOST}`));
    go(reviewScreen);
  }

  /** The screen goes away while recording: what was said stays as a sealed draft. */
  leave() {
    if (this.done) return;
    this.done = true;
    this.recorder?.letGo();
    this.recorder?.samples.fill(0);
    this.endStayingAwake();
  }
}
