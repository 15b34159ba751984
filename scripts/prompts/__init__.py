"""The spoken labels of the fisher's page: which there are, and those that a synthesiser speaks."""
