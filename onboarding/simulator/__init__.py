"""A small Microsoft 365 on loopback, a process of its own."""
