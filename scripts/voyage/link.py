"""The link of the demonstration, for SeaVoice and for HTTPS alike."""

from scripts.sky.model import PeriodicCuts

LINK_BPS = 2_400.0
ONE_WAY_S = 0.7
CUTS = PeriodicCuts(up_s=30.0, down_s=8.0)
"""Harder than the design's 60 and 20, so that a short demonstration is cut often."""
