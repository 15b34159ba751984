"""What holds for every test."""

from hypothesis import settings

# How long one example takes on a shared machine is no property of our code; scripts/bench measures times.
settings.register_profile("seavoice", deadline=None)
settings.load_profile("seavoice")
