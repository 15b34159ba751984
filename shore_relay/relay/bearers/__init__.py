"""Thin shells that carry packets between the network and the vessels' links."""
