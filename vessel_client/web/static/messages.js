// @ts-check
/** Gives what a person said to the box, and follows it until a person has opened it. */

import { prepareCode } from "./codes.js";
import { box, boxFacts, refreshFacts } from "./facts.js";
import { handOver } from "./outbox.js";
import { equal } from "./protocol/bytes.js";
import { ProtocolError } from "./protocol/errors.js";
import * as limits from "./protocol/limits.js";
import { WellBeing } from "./protocol/message.js";
import { openedProof } from "./protocol/seal.js";
import { VoiceCodec, packVoice } from "./protocol/voicepack.js";
import { Priority, randomBytes, seal } from "./sealing.js";
import { visit } from "./visit.js";

/** @typedef {import("./visit.js").VisitMessage} VisitMessage */
/** @typedef {import("./visit.js").Recording} Recording */
/** @typedef {import("./protocol/message.js").Body} Body */
/** @typedef {{ body: Body, priority: number }} Part */

/** What the box calls each state, and how the catalogue's keys call it; `here` is only the page's. */
const STATE_KEYS = new Map([
  ["on the box", "on-the-box"],
  ["left the boat", "left-the-boat"],
  ["reached the NGO", "reached-the-ngo"],
  ["opened by a person", "opened-by-a-person"],
  ["expired", "expired"],
]);

export const STATES = Object.freeze(["on-the-box", "left-the-boat", "reached-the-ngo", "opened-by-a-person"]);
const NO_BYTES = new Uint8Array();

/**
 * @param {Recording} recording
 * @returns {Promise<VisitMessage>}
 */
export async function queueRecording(recording) {
  const thin = await recording.thin;
  const noteId = thin ? randomBytes(limits.NOTE_ID_BYTES) : NO_BYTES;
  const urgent = Boolean(visit.urgent);
  const clear = await packVoice({ codec: VoiceCodec.OPUS_NARROWBAND_60MS, frames: recording.packets });
  /** @type {Part[]} */
  const parts = [];
  if (thin) {
    parts.push({
      body: { kind: "voice", packed: thin, noteId },
      priority: urgent ? Priority.URGENT : Priority.THIN_VOICE,
    });
  }
  // Where a short form goes first, only that one hurries.
  const clearPriority = urgent && !thin ? Priority.URGENT : Priority.CLEAR_VOICE;
  parts.push({ body: { kind: "voice", packed: clear, noteId }, priority: clearPriority });
  return queue("voice", parts, { answerable: true });
}

/**
 * @param {string} text
 * @returns {Promise<VisitMessage>}
 */
export function queueText(text) {
  const priority = visit.urgent ? Priority.URGENT : Priority.TEXT;
  return queue("text", [{ body: { kind: "text", text }, priority }], { answerable: true });
}

/**
 * A report that has only pictures: an empty text with categories.
 * @returns {Promise<VisitMessage>}
 */
export function queuePictures() {
  const priority = visit.urgent ? Priority.URGENT : Priority.TEXT;
  return queue("pictures", [{ body: { kind: "text", text: "" }, priority }], { answerable: true });
}

/**
 * @param {number} wellBeing
 * @param {Map<number, boolean>} answers
 * @returns {Promise<VisitMessage>}
 */
export function queueCheckIn(wellBeing, answers) {
  const priority = wellBeing === WellBeing.HELP ? Priority.URGENT : Priority.CHECK_IN;
  // The code is asked for in the same cases on the screen, so that duress differs from well in nothing.
  const answerable = visit.codeKnown || wellBeing === WellBeing.HELP || wellBeing === WellBeing.UNWELL;
  return queue("check-in", [{ body: { kind: "check-in", wellBeing, answers }, priority }], { answerable });
}

/**
 * Seal each part and hand it to the box. Throws the code of what went wrong; nothing is half done in a way that a
 * second try would double.
 * @param {VisitMessage["kind"]} kind
 * @param {Part[]} parts
 * @param {{ answerable: boolean }} how
 * @returns {Promise<VisitMessage>}
 */
async function queue(kind, parts, { answerable }) {
  if (answerable) prepareCode();
  const mailbox = answerable ? await visit.mailbox : null;
  const about = { mailboxPublic: mailbox?.public, categories: kind === "check-in" ? [] : visit.categories };
  const sealed = await Promise.all(
    parts.map(({ body, priority }) => seal(body, { ...about, priority })),
  );
  /** @type {VisitMessage} */
  const message = {
    kind,
    references: sealed.map((each) => each.id),
    numbers: [],
    state: "here",
    proved: false,
    answerable,
    twoForms: parts.length > 1,
  };
  for (const [at, each] of sealed.entries()) {
    const number = await handOver(each).catch(async (reason) => {
      if (!(reason instanceof ProtocolError)) throw reason;
      if (reason.code === "unknown-desk-key") await refreshFacts();
      // The first form is on the box: the message is, and the other form is kept here and tried again.
      if (at > 0) return null;
      throw reason;
    });
    if (number !== null) message.numbers.push(number);
  }
  if (message.numbers.length) message.state = "on-the-box";
  visit.messages.unshift(message);
  return message;
}

/**
 * The box took a message that waited here.
 * @param {string} reference
 * @param {number} number
 */
export function noteTaken(reference, number) {
  const message = visit.messages.find((each) => each.references.includes(reference));
  if (!message || message.numbers.includes(number)) return;
  message.numbers.push(number);
  if (message.state === "here") message.state = "on-the-box";
}

/** Ask the box how far the messages of this visit are; returns whether anything changed. Throws the box's code. */
export async function refreshStates() {
  let changed = false;
  for (const message of visit.messages) {
    const was = message.state + message.proved;
    if (message.state === STATES[STATES.length - 1] && (message.proved || !message.answerable)) continue;
    for (const number of message.numbers) await refreshOne(message, number);
    changed ||= was !== message.state + message.proved;
  }
  return changed;
}

/**
 * @param {VisitMessage} message
 * @param {number} number
 */
async function refreshOne(message, number) {
  const told = await box.bundle(number);
  const state = STATE_KEYS.get(told.state) ?? message.state;
  // Of two forms the one that is farther counts: it carries what was said.
  if (state === "expired" || STATES.indexOf(state) > STATES.indexOf(message.state)) message.state = state;
  if (told.proof && !message.proved) message.proved = await isProved(told.number);
}

/**
 * Whether the desk itself says that it opened a message of ours; the box cannot make that proof.
 * @param {number} number
 */
async function isProved(number) {
  const mailbox = await visit.mailbox;
  if (!mailbox) return false;
  const facts = await boxFacts();
  const proofs = (await box.proofs()).filter((each) => each.number === number);
  return proofs.some(({ deskKey, proof }) => {
    const key = facts.deskKeys.find((each) => equal(each.id, deskKey));
    if (!key) return false;
    return equal(openedProof(mailbox.private, key.public, { deskKey, vessel: facts.vessel, number }), proof);
  });
}
