"""Onboarding: the welcome bot for Microsoft Teams."""
