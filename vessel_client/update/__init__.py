"""Puts a signed release of the program in the place of the running one, and back."""
