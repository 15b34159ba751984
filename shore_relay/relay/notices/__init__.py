"""Tells a desk's office by e-mail or webhook that something waits, where its program does not fetch it."""
