"""The relay: takes custody of sealed bundles and hands them on. Holds no key that opens one."""
