"""Makes the Debian package of the box with standard tools: pip, strip and dpkg-deb."""
