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
