"""How fast, how dear and how even: side by side in one run. `python -m tests.benchmarks --help`."""
