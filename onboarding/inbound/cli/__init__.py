"""The commands. Each answers `--help`; `--json` prints one document on stdout, logs go to stderr.

Exit codes: 0 done, 1 done but not for everybody or something to mend, 2 unusable input or settings.
"""

import sys

import typer

from onboarding.errors import BadInput, OnboardingError, Refused
from onboarding.inbound.cli.batches import commands as batch_commands
from onboarding.inbound.cli.checks import commands as looking_commands
from onboarding.inbound.cli.common import UNUSABLE
from onboarding.inbound.cli.limits import commands as limit_commands
from onboarding.inbound.cli.messages import commands as message_commands
from onboarding.inbound.cli.people import commands as person_commands
from onboarding.inbound.cli.running import commands as running_commands

app = typer.Typer(
    name="onboarding",
    help="Onboarding: the welcome bot for Microsoft Teams whose ledger always adds up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(running_commands)
app.add_typer(looking_commands)
app.add_typer(batch_commands, name="batch")
app.add_typer(message_commands, name="message")
app.add_typer(person_commands, name="person")
app.add_typer(limit_commands, name="limits")


def main() -> int:
    """Run the command line; the exit code."""
    try:
        return int(app(standalone_mode=False) or 0)
    except BadInput as error:
        return _complain(error.problem, error.remedy)
    except Refused as error:
        return _complain(error.reason, error.remedy)
    except OnboardingError as error:
        return _complain(str(error), "Try again later.")
    except typer.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        return _complain(usage(), "See --help.")


def _complain(problem: str, remedy: str) -> int:
    print(problem, remedy, sep="\n", file=sys.stderr)
    return UNUSABLE
