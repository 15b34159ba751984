// @ts-check
/** The bounds of protocol/limits.py that the page needs, under the same names; the test holds them equal. */

export const TEXT_CHARACTERS_MAX = 4000;
export const TEXT_UTF8_BYTES_MAX = 16000;
export const VOICE_SECONDS_MAX = 180;
export const CODEC2_FRAMES_MAX = 9000;
export const OPUS_PACKETS_MAX = 3000;
export const VOICE_PACKED_BYTES_MAX = 400000;
export const VESSEL_ID_BYTES = 8;
export const DESK_ID_BYTES = 8;
export const DESK_KEY_ID_BYTES = 4;
export const MAILBOX_ID_BYTES = 16;
export const X25519_KEY_BYTES = 32;
export const MAIL_TAG_BYTES = 16;
export const OPENED_PROOF_BYTES = 8;
export const SEAL_OVERHEAD_BYTES = 48;
export const PADDED_SMALL_BYTES = 120;
export const PADDED_MEDIUM_BYTES = 219;
export const BUNDLE_NUMBER_MAX = 4294967295;
export const CATEGORIES_MAX = 8;
export const NOTE_ID_BYTES = 6;
export const SIGNATURE_BYTES = 64;
export const DESK_KEYS_MAX = 8;
export const RANGES_PER_FRAME_MAX = 64;
export const STATUS_ENTRIES_MAX = 32;
