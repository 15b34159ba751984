"""Programs for people who build and run SeaVoice; thin, and not shipped in the wheel."""
