// @ts-check
/** Derives one mailbox from a receipt code and ends. */

import { ReceiptCode } from "./protocol/mailbox.js";

onmessage = async ({ data }) => {
  postMessage(await ReceiptCode.fromDigits(data).openMailbox());
};
