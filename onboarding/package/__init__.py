"""The Teams app package: the zip that an administrator uploads."""
