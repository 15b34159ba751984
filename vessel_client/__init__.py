"""The box on the vessel: keeps sealed bundles, and moves them whenever a bearer works."""
