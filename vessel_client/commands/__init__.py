"""The commands of `seavoice-vessel`, one file each; a command imports what it needs when it runs."""
