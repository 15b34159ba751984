"""A satellite made of software: one pure radio, and the sockets, messages and program that use it."""
