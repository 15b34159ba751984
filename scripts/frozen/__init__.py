"""Makes the frozen database of a relay that tests upgrade, once for each released version."""
