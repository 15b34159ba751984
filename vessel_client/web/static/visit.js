// @ts-check
/**
 * What the page knows while one person uses it: in memory only, and gone with one call.
 */

/** @typedef {import("./protocol/mailbox.js").ReceiptCode} ReceiptCode */
/** @typedef {import("./protocol/mailbox.js").Mailbox} Mailbox */

/**
 * A recording that waits to be looked at: 16 kHz samples, the Opus packets made of them, and the packed thin form.
 * @typedef {{
 *   samples: Int16Array,
 *   packets: Uint8Array[],
 *   draft: string,
 *   thin: Promise<Uint8Array | null>,
 *   disguised: boolean,
 *   fromFile: boolean,
 *   endedBy: "person" | "limit" | "lost",
 * }} Recording
 */

/**
 * One message of this visit. `numbers` stay empty until the box has it.
 * @typedef {{
 *   kind: "voice" | "text" | "check-in" | "pictures",
 *   references: string[],
 *   numbers: number[],
 *   state: string,
 *   proved: boolean,
 *   answerable: boolean,
 *   twoForms: boolean,
 * }} VisitMessage
 */

/**
 * @typedef {{
 *   code: ReceiptCode | null,
 *   mailbox: Promise<Mailbox> | null,
 *   codeKnown: boolean,
 *   recording: Recording | null,
 *   text: string,
 *   categories: number[],
 *   urgent: boolean | null,
 *   messages: VisitMessage[],
 *   heard: Set<number>,
 * }} Visit
 */

/** @returns {Visit} */
function fresh() {
  return {
    code: null,
    mailbox: null,
    codeKnown: false,
    recording: null,
    text: "",
    categories: [],
    urgent: null,
    messages: [],
    heard: new Set(),
  };
}

/** @type {Visit} */
export const visit = fresh();

/** Forget everything about the person who was here. */
export function forgetVisit() {
  visit.recording?.samples.fill(0);
  Object.assign(visit, fresh());
}

/** Forget what was about to go, and keep the code and what is on its way. */
export function forgetMessageInHand() {
  visit.recording?.samples.fill(0);
  Object.assign(visit, { recording: null, text: "", categories: [], urgent: null });
}
