// @ts-check
/**
 * Every refusal of the page's half of the protocol, with the same stable codes as protocol/errors.py.
 *
 * Text for people is looked up by `code`; the sentence in the error is for a technician.
 */

export const Code = Object.freeze({
  LOCAL: "local-error",
  TOO_LARGE: "too-large",
  KEY_EXPIRED: "desk-key-expired",
  WRONG_CODE: "wrong-code",
  NOT_AUTHENTIC: "not-authentic",
  MALFORMED_BUNDLE: "malformed-bundle",
  CANNOT_OPEN: "cannot-open",
  MALFORMED_MESSAGE: "malformed-message",
  MALFORMED_TEXT: "malformed-text",
  MALFORMED_VOICE: "malformed-voice",
  MALFORMED_DOCUMENT: "malformed-document",
  /** Only in the page: the box does not answer; keep the message and try again. */
  BOX_UNREACHABLE: "box-unreachable",
  /** Only in the page: the box answered with an error that names no code. */
  BOX_FAILED: "box-failed",
  /** Only in the page: a file of the page itself cannot be loaded; reload it. */
  PAGE_INCOMPLETE: "page-incomplete",
});

/** What this package throws on purpose; anything else is a bug of ours. */
export class ProtocolError extends Error {
  /**
   * @param {string} code one of `Code`, or a code that the box sent
   * @param {string} message one sentence that says what to do
   * @param {Record<string, string | number>} [details] what the box said besides, for instance seconds to wait
   */
  constructor(code, message, details = {}) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.details = details;
  }
}
