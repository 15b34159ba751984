"""The local API of the box: JSON over HTTP, for the command line and the fisher's page."""
