// @ts-check
/**
 * The msgpack of messages: shortest forms when writing, every type of protocol/wire.py when reading, since a
 * newer desk may add fields that this page skips.
 */

import * as limits from "./limits.js";
import { bigEndian, concat, join } from "./bytes.js";
import { ProtocolError } from "./errors.js";

/** @typedef {number | boolean | string | null | Uint8Array | WireArray | WireMap} WireValue */
/** @typedef {ReadonlyArray<any>} WireArray */
/** @typedef {ReadonlyMap<number, any>} WireMap */

const ARRAY_VALUES_MAX = 2 * limits.RANGES_PER_FRAME_MAX + 512;
const MAP_ENTRIES_MAX = limits.STATUS_ENTRIES_MAX + 32;
/** A message nests two deep; this only keeps hostile bytes from filling the stack. */
const DEPTH_MAX = 32;

/**
 * Encode a whole number, bytes, an array or a map with whole numbers as keys.
 * @param {number | Uint8Array | WireArray | WireMap} value
 * @returns {Uint8Array}
 */
export function pack(value) {
  if (typeof value === "number") return packInteger(value);
  if (value instanceof Uint8Array) {
    return concat(head(value.length, 0xc4, 0xc5, 0xc6), value);
  }
  if (value instanceof Map) {
    const parts = [value.size < 16 ? Uint8Array.of(0x80 | value.size) : head(value.size, null, 0xde, 0xdf)];
    value.forEach((entry, key) => parts.push(packInteger(key), pack(entry)));
    return join(parts);
  }
  const listed = /** @type {WireArray} */ (value);
  const start = listed.length < 16 ? Uint8Array.of(0x90 | listed.length) : head(listed.length, null, 0xdc, 0xdd);
  return join([start, ...listed.map(pack)]);
}

/**
 * @param {number} value a whole number, not below zero
 */
function packInteger(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${value} is no whole number from 0 up`);
  if (value < 0x80) return Uint8Array.of(value);
  if (value < 2 ** 32) return head(value, 0xcc, 0xcd, 0xce);
  return concat(Uint8Array.of(0xcf), bigEndian(value, 8));
}

/**
 * A type byte and the number behind it in the fewest bytes.
 * @param {number} value
 * @param {number | null} oneByteType null where the type has no form of one byte
 * @param {number} twoByteType
 * @param {number} fourByteType
 */
function head(value, oneByteType, twoByteType, fourByteType) {
  if (value < 256 && oneByteType !== null) return Uint8Array.of(oneByteType, value);
  if (value < 65536) return concat(Uint8Array.of(twoByteType), bigEndian(value, 2));
  return concat(Uint8Array.of(fourByteType), bigEndian(value, 4));
}

/**
 * Decode the first value of `data` and say where it ends; a refusal carries `code`.
 * @param {Uint8Array} data
 * @param {string} code
 * @returns {{ value: any, end: number }}
 */
export function unpackPrefix(data, code) {
  const reader = new Reader(data, code);
  const value = reader.value(0);
  return { value, end: reader.place };
}

/**
 * Decode exactly one value; bytes left over are refused with `code`.
 * @param {Uint8Array} data
 * @param {string} code
 * @returns {any}
 */
export function unpack(data, code) {
  const { value, end } = unpackPrefix(data, code);
  if (end !== data.length) {
    throw new ProtocolError(code, `${data.length - end} bytes are left over after the value`);
  }
  return value;
}

class Reader {
  /**
   * @param {Uint8Array} data
   * @param {string} code
   */
  constructor(data, code) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.code = code;
    this.place = 0;
  }

  /** @returns {ProtocolError} */
  refusal() {
    return new ProtocolError(this.code, "this is no value we can read");
  }

  /** @param {number} sizeBytes */
  take(sizeBytes) {
    const start = this.place;
    if (start + sizeBytes > this.data.length) throw this.refusal();
    this.place += sizeBytes;
    return start;
  }

  /** @param {number} sizeBytes */
  bytes(sizeBytes) {
    const start = this.take(sizeBytes);
    return this.data.slice(start, this.place);
  }

  /** @param {number} sizeBytes 1, 2, 4 or 8 */
  unsigned(sizeBytes) {
    const start = this.take(sizeBytes);
    if (sizeBytes === 1) return this.view.getUint8(start);
    if (sizeBytes === 2) return this.view.getUint16(start);
    if (sizeBytes === 4) return this.view.getUint32(start);
    // Above 2**53 this is rounded; every bound on a number that we read lies far below.
    return this.view.getUint32(start) * 2 ** 32 + this.view.getUint32(start + 4);
  }

  /** @param {number} sizeBytes 1, 2, 4 or 8 */
  signed(sizeBytes) {
    const start = this.take(sizeBytes);
    if (sizeBytes === 1) return this.view.getInt8(start);
    if (sizeBytes === 2) return this.view.getInt16(start);
    if (sizeBytes === 4) return this.view.getInt32(start);
    return this.view.getInt32(start) * 2 ** 32 + this.view.getUint32(start + 4);
  }

  /**
   * @param {number} depth
   * @returns {any}
   */
  value(depth) {
    if (depth > DEPTH_MAX) throw this.refusal();
    const type = this.unsigned(1);
    if (type < 0x80) return type;
    if (type < 0x90) return this.map(type & 15, depth);
    if (type < 0xa0) return this.array(type & 15, depth);
    if (type < 0xc0) return this.text(type & 31);
    if (type >= 0xe0) return type - 256;
    return this.longer(type, depth);
  }

  /**
   * @param {number} type
   * @param {number} depth
   * @returns {any}
   */
  longer(type, depth) {
    if (type === 0xc0) return null;
    if (type === 0xc2 || type === 0xc3) return type === 0xc3;
    if (type >= 0xc4 && type <= 0xc6) return this.bytes(this.unsigned(1 << (type - 0xc4)));
    if (type === 0xca) return this.view.getFloat32(this.take(4));
    if (type === 0xcb) return this.view.getFloat64(this.take(8));
    if (type >= 0xcc && type <= 0xcf) return this.unsigned(1 << (type - 0xcc));
    if (type >= 0xd0 && type <= 0xd3) return this.signed(1 << (type - 0xd0));
    if (type >= 0xd9 && type <= 0xdb) return this.text(this.unsigned(1 << (type - 0xd9)));
    if (type === 0xdc || type === 0xdd) return this.array(this.unsigned(type === 0xdc ? 2 : 4), depth);
    if (type === 0xde || type === 0xdf) return this.map(this.unsigned(type === 0xde ? 2 : 4), depth);
    // Extension types have no place in a message, and 0xc1 none in msgpack.
    throw this.refusal();
  }

  /** @param {number} sizeBytes */
  text(sizeBytes) {
    const bytes = this.bytes(sizeBytes);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (reason) {
      if (reason instanceof TypeError) throw this.refusal();
      throw reason;
    }
  }

  /**
   * @param {number} count
   * @param {number} depth
   */
  array(count, depth) {
    if (count > ARRAY_VALUES_MAX) throw this.refusal();
    const listed = [];
    for (let index = 0; index < count; index += 1) listed.push(this.value(depth + 1));
    return listed;
  }

  /**
   * @param {number} count
   * @param {number} depth
   */
  map(count, depth) {
    if (count > MAP_ENTRIES_MAX) throw this.refusal();
    /** @type {Map<number, any>} */
    const found = new Map();
    for (let index = 0; index < count; index += 1) {
      const key = this.value(depth + 1);
      if (!Number.isInteger(key) || found.has(key)) throw this.refusal();
      found.set(key, this.value(depth + 1));
    }
    return found;
  }
}

/**
 * Return `value` if it is a whole number within the bounds, else throw `code` naming `what`.
 * @param {any} value
 * @param {string} code
 * @param {string} what
 * @param {{ most: number, least?: number }} bounds
 * @returns {number}
 */
export function asInteger(value, code, what, { most, least = 0 }) {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ProtocolError(code, `${what} must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/**
 * Return `value` if it is bytes of an allowed length, else throw `code` naming `what`.
 * @param {any} value
 * @param {string} code
 * @param {string} what
 * @param {{ most: number, least?: number }} bounds
 * @returns {Uint8Array}
 */
export function asBytes(value, code, what, { most, least = 0 }) {
  if (!(value instanceof Uint8Array) || value.length < least || value.length > most) {
    throw new ProtocolError(code, `${what} must be ${least} to ${most} bytes`);
  }
  return value;
}

/**
 * Return `value` if it is an array of an allowed length, else throw `code` naming `what`.
 * @param {any} value
 * @param {string} code
 * @param {string} what
 * @param {{ most: number, least?: number }} bounds
 * @returns {any[]}
 */
export function asArray(value, code, what, { most, least = 0 }) {
  if (!Array.isArray(value) || value.length < least || value.length > most) {
    throw new ProtocolError(code, `${what} must be an array of ${least} to ${most} values`);
  }
  return value;
}

/**
 * Return `value` if it is a map, else throw `code` naming `what`.
 * @param {any} value
 * @param {string} code
 * @param {string} what
 * @returns {Map<number, any>}
 */
export function asMap(value, code, what) {
  if (!(value instanceof Map)) throw new ProtocolError(code, `${what} must be a map`);
  return value;
}
