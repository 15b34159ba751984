// @ts-check
/** Sizes that say nothing about the content (SPEC §5.3). */

import * as limits from "./limits.js";

/**
 * The size to which a plaintext is filled up: two small sizes for satellite, above them Padmé.
 * @param {number} sizeBytes
 */
export function paddedSize(sizeBytes) {
  if (sizeBytes <= limits.PADDED_SMALL_BYTES) return limits.PADDED_SMALL_BYTES;
  if (sizeBytes <= limits.PADDED_MEDIUM_BYTES) return limits.PADDED_MEDIUM_BYTES;
  const exponent = bitLength(sizeBytes) - 1;
  const step = 1 << (exponent - bitLength(exponent));
  return Math.ceil(sizeBytes / step) * step;
}

/** @param {number} value */
function bitLength(value) {
  return 32 - Math.clz32(value);
}
