"""Everything that one simulated Microsoft 365 tenant holds, built from a few choices."""

import datetime as dt
from dataclasses import dataclass

from onboarding.simulator.activities import Stage
from onboarding.simulator.call import Json
from onboarding.simulator.company import Company
from onboarding.simulator.events import Pusher
from onboarding.simulator.faults import Faults
from onboarding.simulator.feed import Feed
from onboarding.simulator.hiring import build
from onboarding.simulator.journal import Journal
from onboarding.simulator.keys import Keyring
from onboarding.simulator.limits import Limits
from onboarding.simulator.settings import Settings
from onboarding.simulator.tokens import Tokens
from onboarding.simulator.world import World


@dataclass(slots=True)
class Tenant:
    """The parts, shared by all services; `base_url` is known once the listener is."""

    company: Company
    world: World
    keys: Keyring
    tokens: Tokens
    settings: Settings
    journal: Journal
    faults: Faults
    limits: Limits
    feed: Feed
    pusher: Pusher
    seed: int
    day: dt.date
    base_url: str = ""
    console_url: str | None = None

    @property
    def stage(self) -> Stage:
        return Stage(self.company, self.base_url)

    def reset(self, *, company: bool = False) -> None:
        """Clear what happened; settings and the bot's address stay, `company` renews the people."""
        if company:
            self.company.renew(build(len(self.company.people), self.seed, self.day))
        self.pusher.forget()
        self.world.reset()
        self.journal.clear()
        self.limits.clear()
        self.faults.rules.clear()
        self.feed.publish("reset")


def make_tenant(people: int, seed: int, today: dt.date) -> Tenant:
    """A tenant with its company, keys and an empty history."""
    company, feed, settings, journal = build(people, seed, today), Feed(), Settings(), Journal()
    keys = Keyring()
    tokens = Tokens(company, keys)
    tenant = Tenant(
        company=company,
        world=World(company, feed, seed),
        keys=keys,
        tokens=tokens,
        settings=settings,
        journal=journal,
        faults=Faults(seed),
        limits=Limits(),
        feed=feed,
        pusher=Pusher(tokens, settings, journal, seed),
        seed=seed,
        day=today,
    )

    def announce(entry: Json) -> None:
        shown = {
            name: value for name, value in entry.items() if name not in ("seq", "type", "answer")
        }
        feed.publish("event", event=entry["seq"], activity=entry["type"], **shown)

    tenant.pusher.watch = announce
    return tenant
