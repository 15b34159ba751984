// @ts-check
/** The receipt code of this visit, and the mailbox that it opens, derived in a worker so that the page stays awake. */

import { ReceiptCode } from "./protocol/mailbox.js";
import { visit } from "./visit.js";

/** @typedef {import("./protocol/mailbox.js").Mailbox} Mailbox */

/**
 * Draw a code and begin to derive its mailbox, unless this visit has one: called early, while a person speaks or
 * writes, because deriving takes seconds on a cheap phone.
 */
export function prepareCode() {
  if (visit.code) return;
  visit.code = ReceiptCode.draw();
  visit.mailbox = derive(visit.code);
}

/**
 * Take a code that the person brought.
 * @param {ReceiptCode} code
 * @returns {Promise<Mailbox>}
 */
export async function takeCode(code) {
  const mailbox = await derive(code);
  Object.assign(visit, { code, mailbox: Promise.resolve(mailbox), codeKnown: true });
  return mailbox;
}

/**
 * @param {ReceiptCode} code
 * @returns {Promise<Mailbox>}
 */
function derive(code) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("mailbox-worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => {
      worker.terminate();
      // Browsers without module workers can still do it here, only not as smoothly.
      event.preventDefault();
      code.openMailbox().then(resolve, reject);
    };
    worker.postMessage(code.digits());
  });
}
