"""Sound to codec frames and back, without files, devices or logs.

Only this sub-package imports numpy and the sound libraries, so a vessel box without a microphone installs
none of them. Start at `note.encode_note`, `note.decode_thin` and `note.decode_clear`.
"""
