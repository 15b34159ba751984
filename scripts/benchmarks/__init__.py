"""What SeaVoice costs, measured beside its peers on the same sky, and whether it keeps to its targets."""
