"""The box's own screen: what systemd, Chromium and the name service are told. Only text is made here."""
