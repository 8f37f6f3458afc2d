"""Template and context become a valid, safe Adaptive Card."""
