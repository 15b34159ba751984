// @ts-check
/** Loads a part of the page that most visits do not need. */

import { Code, ProtocolError } from "./protocol/errors.js";

/**
 * Throws `page-incomplete` where the part cannot be had, for instance because the box is away.
 * @template T
 * @param {Promise<T>} loading what `import()` returned
 * @returns {Promise<T>}
 */
export async function part(loading) {
  try {
    return await loading;
  } catch (reason) {
    if (!(reason instanceof TypeError)) throw reason;
    throw new ProtocolError(Code.PAGE_INCOMPLETE, "A part of this page could not be loaded; load the page again.");
  }
}
