"""The commands of `seavoice-relay`, each with its help, its examples and its exit codes."""
