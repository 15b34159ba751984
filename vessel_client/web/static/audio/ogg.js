// @ts-check
/** Takes the Opus packets out of one Ogg page; our own encoder is the only one whose pages come here. */

const HEAD_BYTES = 27;

/**
 * @param {Uint8Array} page
 * @returns {Uint8Array[]}
 */
export function packetsOfPage(page) {
  const lacing = page.subarray(HEAD_BYTES, HEAD_BYTES + page[HEAD_BYTES - 1]);
  const packets = [];
  let start = HEAD_BYTES + lacing.length;
  let size = 0;
  for (const part of lacing) {
    size += part;
    if (part === 255) continue;
    packets.push(page.slice(start, start + size));
    start += size;
    size = 0;
  }
  return packets.filter((packet) => packet.length > 0 && !isHead(packet));
}

/** @param {Uint8Array} packet */
function isHead(packet) {
  return new TextDecoder("latin1").decode(packet.subarray(0, 4)) === "Opus";
}
