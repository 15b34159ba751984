"""How a notice leaves this machine: through a mail server, or as a signed webhook."""
