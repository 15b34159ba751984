"""Every bound of the protocol, with its unit in its name and its source beside it."""

# --- messages, before sealing -----------------------------------------------------------------------

TEXT_CHARACTERS_MAX = 4_000
"""A page of writing. A report of 200 characters is the common case (people.md)."""

TEXT_UTF8_BYTES_MAX = 16_000
"""Four bytes for each character: also the bound on what unpacking may produce."""

VOICE_SECONDS_MAX = 180
"""Three minutes, announced to the fisher (people.md)."""

CODEC2_FRAMES_MAX = VOICE_SECONDS_MAX * 50
"""Codec2 2400 has a frame each 20 ms."""

OPUS_PACKETS_MAX = VOICE_SECONDS_MAX * 1000 // 60
"""Opus at 60 ms a packet (voice.md)."""

VOICE_PACKED_BYTES_MAX = 400_000
"""180 s of Opus at 12 kbit/s is 270 kB; the rest is headroom for a burst of large packets."""

# --- identifiers and keys ----------------------------------------------------------------------------

VESSEL_ID_BYTES = 8
DESK_ID_BYTES = 8
DESK_KEY_ID_BYTES = 4
MAILBOX_ID_BYTES = 16
X25519_KEY_BYTES = 32
LINK_SECRET_BYTES = 32
ORIGIN_TAG_BYTES = 8
"""Eight bytes (protocol.md layer 3): a forger gets one online guess for each bundle, all of them counted."""

MAIL_TAG_BYTES = 16
"""protocol.md, answers: in place of a 64-byte signature."""

OPENED_PROOF_BYTES = 8

SEAL_OVERHEAD_BYTES = 48
"""HPKE: 32 for the encapsulated key, 16 for the tag (RFC 9180)."""

# --- padding (SPEC §5.3) -----------------------------------------------------------------------------

PADDED_SMALL_BYTES = 120
"""With this plaintext one satellite message is 200 bytes: 12 packet + 7 frame + 13 bundle + 48 seal."""

PADDED_MEDIUM_BYTES = 219
"""With this plaintext one satellite message is 300 bytes: 12 packet + 8 frame + 13 bundle + 48 seal."""

# --- bundles and fragments ---------------------------------------------------------------------------

BUNDLE_NUMBER_MAX = 2**32 - 1
BUNDLE_BYTES_MAX = 1_000_000
"""A three-minute clear note is 270 kB; an update or a picture may be larger, but never by much."""

BUNDLES_OPEN_MAX = 64
"""Incomplete bundles one peer may make us hold; beyond it, the one that was quiet longest goes."""

OPEN_BYTES_MAX = 8_000_000
"""Bytes of incomplete bundles held for one peer; beyond it, the same."""

REFUSALS_OWED_MAX = 64
"""Refusals that wait for a packet; the oldest is forgotten, and made again when its bundle is."""

BUSY_PAUSE_S_MIN = 60.0
"""How long a bundle waits after the first "busy"; after each further one twice as long."""

REFUSED_PAUSE_S_MAX = 21_600.0
"""What only somebody on shore can change is not asked for more often: each try is paid for."""

BUNDLES_OFFERED_MAX = 32
"""Bundles an engine keeps in memory to send; the shell refills it from the store."""

# --- packets and frames ------------------------------------------------------------------------------

PACKET_BYTES_MAX = 65_535
"""The length field of a stream record has two bytes."""

SHAPED_PACKET_BYTES_MIN = 120
"""A rekey request (109 bytes) and its answer fit, so that no packet of a shaped link need be longer."""

FRAMES_PER_PACKET_MAX = 256
RANGES_PER_FRAME_MAX = 64
"""Gaps named in one acknowledgement; what lies beyond is named in a later one."""

STATUS_ENTRIES_MAX = 32

PACKET_COUNTER_MAX = 2**24 - 1
COUNTER_BLOCK = 256
"""Counters reserved on disk at a time: a power cut skips at most this many, and reuses none."""

REPLAY_WINDOW_PACKETS = 1_024
"""Four counter blocks, so that a peer which restarts three times does not outrun late packets."""

# --- sticks ------------------------------------------------------------------------------------------

STICK_PACKET_BYTES = 4_096
"""What a stick's writer aims at: a lost sector costs one packet, and each costs 1 % more than its data."""

STICK_FAILURES_MAX = 4_096
"""Checksums that may fail in one file: worn-out flash loses blocks, not thousands of places."""

STICK_FILE_BYTES_MAX = 1_000_000_000
"""What one stick file may hold, of all vessels together; every carrier has to copy it."""

# --- operator settings -------------------------------------------------------------------------------

CAPS_MAX = 16
"""Bearers named in one signed list of caps."""

CHAIN_CERTIFICATES_MAX = 4
"""A public authority needs two: the server's certificate and the one above it."""

CERTIFICATE_BYTES_MAX = 4_096
"""An elliptic one has about 1,100, one with a large RSA key and many names about 2,500."""

BEARER_NAME_BYTES_MAX = 32
MONEY_NANO_MAX = 2**62
"""Thousand-millionths of a currency unit: fits a signed 64-bit column."""

# --- letters between desks ------------------------------------------------------------------------------

LETTER_BYTES_MAX = 24_000_000
"""A file that people send each other: most mail servers refuse more than 25 MB."""

LETTER_PADDED_BYTES = 4_096
"""Letters are a multiple of this long: their size tells little of what is in them."""

# --- updates of the box's program ---------------------------------------------------------------------

UPDATE_BYTES_MAX = 64_000_000
"""A file; with voice it is 17 MB. A box reads it into memory, so that it cannot change meanwhile."""

RELEASE_BYTES_MAX = 256_000_000
"""What its files may take on the box's disk; with voice it is 79 MB."""

# --- times -------------------------------------------------------------------------------------------

UNIX_SECONDS_MAX = 2**40
"""The latest date that is believed to be one: some 35,000 years from now."""

ACK_DELAY_S = 8.0
ACK_BYTES = 2_400
"""Acknowledge every 2.4 kB or every 8 s (protocol.md, behaviour)."""

PACKET_AIRTIME_S_MAX = 2.5
"""What is urgent waits for one packet at most, and a cut wastes half of one (protocol.md: at most 2-3 s)."""

SIGNATURE_BYTES = 64
PROOFS_MAX = 256
"""Proofs in one desk receipt."""

DESK_KEYS_MAX = 8
"""Sealing keys in one signed list: the epoch in use, the next ones, the last ones."""

CATEGORIES_MAX = 8
NOTE_ID_BYTES = 6
"""Ties the thin and the clear form of one voice note together, inside the seal."""

RESYNC_PARTIALS_MAX = 16
"""A sender has at most a few bundles open at once: one for each priority, and those interrupted."""

ACK_RANGES_MAX = 32
