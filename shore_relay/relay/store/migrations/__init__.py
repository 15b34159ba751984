"""The numbered steps from an empty file to today's tables. A step that was released never changes."""
