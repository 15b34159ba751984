"""Short messages by satellite: a modem on a serial port, and when it is worth a session."""
