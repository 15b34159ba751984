"""Vessels over short satellite messages: the gateways ashore, and what is worth a message."""
