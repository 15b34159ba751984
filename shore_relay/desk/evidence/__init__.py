"""What leaves the desk to stand elsewhere: evidence packs, signed, checked and redacted."""
