"""What the service and the process that codes sound for it say to each other besides the sound."""

EXIT_REFUSED = 3
"""The recording cannot be coded; standard error has the error's code and its sentence."""

VOICE_MISSING = "encoder-missing"
