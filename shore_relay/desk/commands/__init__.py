"""One module for each group of commands; `cli` finds them here."""
