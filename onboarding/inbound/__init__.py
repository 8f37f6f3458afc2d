"""Every shape that comes from outside becomes a fact here."""
