"""Ways to carry packets off the vessel; each drives the same engine."""
