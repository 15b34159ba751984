"""The desk's page: rendered here, for a browser on this machine."""
