"""SeaVoice's protocol: bytes and a clock in, bytes and events out. Nothing here does I/O."""
