"""The front door: `python app.py --help`."""

import sys

from onboarding.inbound.cli import main

if __name__ == "__main__":
    sys.exit(main())
