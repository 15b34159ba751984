// @ts-check
/** The answers under one code: to hear, to read, to answer again, to forget. */

import { decodeOpus } from "../audio/opus-decoder.js";
import { play, stopPlaying } from "../audio/player.js";
import { decodeThin } from "../audio/thin.js";
import { showBar } from "../banner.js";
import { element, icon } from "../dom.js";
import { box, boxFacts } from "../facts.js";
import { say, sayWhen } from "../i18n.js";
import { isOwnScreen } from "../own-screen.js";
import { choice, line, newsPlace, smallButton, waitingSign } from "../parts.js";
import { equal } from "../protocol/bytes.js";
import { ProtocolError } from "../protocol/errors.js";
import { decode } from "../protocol/message.js";
import { openMail } from "../protocol/seal.js";
import { VoiceCodec, unpackVoice } from "../protocol/voicepack.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { forgetVisit, visit } from "../visit.js";
import { loudness, wave } from "../wave.js";
import { homeScreen } from "./home.js";

/** @typedef {import("../protocol/message.js").Message} Message */
/** @typedef {{ number: number, arrivedAt: number, message: Message | null, code: string }} Answer */

/** @type {import("../router.js").Screen} */
export function conversationScreen(context) {
  const place = element("div", { class: "answers" }, waitingSign("answers.opening"));
  void context.attempt(async () => {
    const { answers, desk } = await openAnswers();
    if (!context.isShown()) return;
    if (!answers.length) void sayAloud("answers.none");
    place.replaceChildren(
      ...(answers.length
        ? answers.map((answer) => card(answer, desk))
        : [line("answers.none"), line("answers.none.hint", {}, "hint")]),
    );
  });
  return {
    title: "answers.title",
    back: homeScreen,
    content: [
      place,
      element(
        "div",
        { class: "choices" },
        choice("answers.reply", "speak", () => go(homeScreen), { kind: "main" }),
        choice("answers.forget", "delete", () => go(forgetScreen)),
        choice("answers.close", "lock", forget),
      ),
    ],
  };
}

/** @type {import("../router.js").Screen} */
function forgetScreen() {
  return {
    title: "answers.forget",
    back: conversationScreen,
    content: [
      line("answers.forget.sure"),
      element(
        "div",
        { class: "pair" },
        choice("action.delete", "delete", forget, { kind: "main" }),
        choice("action.cancel", "back", () => go(conversationScreen)),
      ),
    ],
  };
}

function forget() {
  forgetVisit();
  showBar(say("answers.forgotten"));
  go(homeScreen);
}

async function openAnswers() {
  const mailbox = /** @type {import("../protocol/mailbox.js").Mailbox} */ (await visit.mailbox);
  const facts = await boxFacts();
  const mails = await box.mails(mailbox.id);
  /** @type {Answer[]} */
  const answers = [];
  for (const { number, arrivedAt, mail } of mails) {
    const key = facts.deskKeys.find((each) => equal(each.id, mail.deskKey));
    if (!key) {
      answers.push({ number, arrivedAt, message: null, code: "unknown-mail-key" });
      continue;
    }
    try {
      const plain = await openMail(mail, { mailboxPrivate: mailbox.private, deskPublic: key.public });
      answers.push({ number, arrivedAt, message: await decode(plain), code: "" });
    } catch (reason) {
      // One damaged answer must not hide the others.
      if (!(reason instanceof ProtocolError)) throw reason;
      answers.push({ number, arrivedAt, message: null, code: reason.code });
    }
  }
  return { answers: answers.reverse(), desk: facts.deskName };
}

/**
 * @param {Answer} answer
 * @param {string} desk
 */
function card({ number, arrivedAt, message, code }, desk) {
  const isNew = !visit.heard.has(number);
  const mark = element("span", { class: isNew ? "mark new" : "mark" }, say(isNew ? "answers.new" : "answers.heard"));
  const noteHeard = () => {
    visit.heard.add(number);
    mark.className = "mark";
    mark.textContent = say("answers.heard");
  };
  const head = element(
    "div",
    { class: "answer-head" },
    element("h2", {}, say("answers.from", { desk })),
    mark,
    element("p", { class: "fine" }, say("answers.came", { when: sayWhen(arrivedAt) })),
  );
  return element("section", { class: "card answer" }, head, body(message, code, noteHeard));
}

/**
 * @param {Message | null} message
 * @param {string} code
 * @param {() => void} noteHeard
 */
function body(message, code, noteHeard) {
  if (message?.body.kind === "text") {
    noteHeard();
    return element("p", { class: "answer-text", dir: "auto" }, message.body.text);
  }
  if (message?.body.kind === "voice") return voice(message.body.packed, noteHeard);
  const problem = message ? "malformed-message" : code;
  return element("p", { class: "warning" }, icon("error"), say(`error.${problem}`));
}

/**
 * @param {Uint8Array} packed
 * @param {() => void} noteHeard
 */
function voice(packed, noteHeard) {
  const news = newsPlace();
  const { root, show, mark } = wave();
  let playing = false;
  const toggle = async () => {
    if (playing) {
      stopPlaying();
      return;
    }
    playing = true;
    try {
      const sound = await soundOf(packed);
      noteHeard();
      button.replaceChildren(icon("stop"), say("action.stop"));
      show(loudness(sound.samples));
      await play(sound, mark);
    } catch (reason) {
      if (!(reason instanceof ProtocolError)) throw reason;
      news.replaceChildren(icon("error"), say(`error.${reason.code}`));
    } finally {
      playing = false;
      button.replaceChildren(icon("play"), say("action.listen"));
    }
  };
  const button = smallButton("action.listen", "play", () => void toggle(), "listen");
  const isThin = packed[1] === VoiceCodec.CODEC2_2400;
  if (isThin && !isOwnScreen()) return line("answers.not-playable", {}, "warning");
  return element(
    "div",
    { class: "player" },
    element("div", { class: "player-row" }, button, root),
    news,
    line("answers.near", {}, "hint"),
  );
}

/** @param {Uint8Array} packed */
async function soundOf(packed) {
  const { codec, frames } = await unpackVoice(packed);
  return codec === VoiceCodec.CODEC2_2400 ? decodeThin(frames) : decodeOpus(frames);
}
