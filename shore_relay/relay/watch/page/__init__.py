"""The operator's page: the fleet at a look, behind a login. It needs no script."""
