"""The card that everybody sends: the product's own welcome, with every variable filled in."""

from functools import cache

from onboarding.messages.catalogue import load
from onboarding.messages.examples import EXAMPLES
from onboarding.messages.render import Rendered, render
from tests.simulated import ROOT


@cache
def welcome() -> Rendered:
    return render(load(ROOT / "templates"), "welcome", EXAMPLES["joined a team"], "en")
