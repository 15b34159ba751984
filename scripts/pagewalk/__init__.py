"""A walk over every screen of the fisher's page in a real browser, and what a machine can say of each."""
