"""A seeded Contoso: people in a tree, teams and groups; the same for a seed and day."""

import base64
import datetime as dt
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

DOMAIN = "contoso.com"


@dataclass(frozen=True, slots=True)
class Person:
    """One account of the tenant; `planted` says on purpose what is odd about it."""

    index: int
    id: str
    teams_id: str
    upn: str
    mail: str
    display_name: str
    given_name: str
    surname: str
    department: str
    job_title: str
    office: str
    country: str
    usage_location: str
    locale: str
    time_zone: str
    region: str
    hire_date: dt.date | None
    employee_id: str
    manager_id: str | None
    user_type: str = "Member"
    account_enabled: bool = True
    licensed: bool = True
    policy: str = "allowed"
    bot: str = "open"
    left: bool = False
    planted: str | None = None


@dataclass(slots=True)
class Channel:
    """A channel; the General one has its team's id."""

    id: str
    name: str


@dataclass(slots=True)
class Group:
    """A Microsoft 365 or security group; `members` maps person id to owner, member or guest."""

    id: str
    name: str
    members: dict[str, str] = field(default_factory=dict)
    nested: list[str] = field(default_factory=list)
    team_id: str | None = None


@dataclass(slots=True)
class Team:
    """A team: a group with channels; `app` says whether the bot is in it, and in which channel."""

    id: str
    group: Group
    channels: dict[str, Channel]
    app_channel: str | None = None
    archived: bool = False
    deleted: bool = False

    @property
    def name(self) -> str:
        return self.group.name


@dataclass(slots=True)
class Company:
    """Everybody, and how to find them by any of their ids."""

    tenant_id: str
    bot_app_id: str
    teams_app_id: str
    catalog_app_id: str
    client_secret: str
    people: list[Person]
    groups: dict[str, Group]
    teams: dict[str, Team]
    by_id: dict[str, int] = field(default_factory=dict)
    by_teams_id: dict[str, int] = field(default_factory=dict)
    by_upn: dict[str, int] = field(default_factory=dict)
    by_mail: dict[str, int] = field(default_factory=dict)

    def find(self, key: str) -> Person | None:
        """Who has this object id, UPN or 29: id and has not left?"""
        index = self.by_id.get(key.lower())
        if index is None:
            index = self.by_upn.get(key.lower(), self.by_teams_id.get(key))
        if index is None or self.people[index].left:
            return None
        return self.people[index]

    def person(self, person_id: str) -> Person:
        """The account with this object id, also of somebody who left; raises KeyError."""
        return self.people[self.by_id[person_id]]

    def present(self) -> Iterator[Person]:
        return (person for person in self.people if not person.left)

    def change(self, person: Person, **attributes: Any) -> Person:
        """Give this account other attributes, and keep every index right."""
        self.by_upn.pop(person.upn.lower(), None)
        self.by_mail.pop(person.mail.lower(), None)
        changed = replace(person, **attributes)
        self.people[person.index] = changed
        self.by_upn[changed.upn.lower()] = self.by_mail[changed.mail.lower()] = person.index
        if changed.left:
            self._forget(changed)
        return changed

    def _forget(self, person: Person) -> None:
        for group in self.groups.values():
            group.members.pop(person.id, None)

    def renew(self, seeded: "Company") -> None:
        """Take over the people, groups and teams of a company of the same seed and day."""
        for name in ("people", "groups", "teams", "by_id", "by_teams_id", "by_upn", "by_mail"):
            setattr(self, name, getattr(seeded, name))

    def team_of_channel(self, channel_id: str) -> Team | None:
        return next((team for team in self.teams.values() if channel_id in team.channels), None)

    def team_of_group(self, group_id: str) -> Team | None:
        group = self.groups.get(group_id.lower())
        return self.teams.get(group.team_id) if group and group.team_id else None

    def transitive(self, group: Group) -> dict[str, str]:
        """Everybody in the group or in a group inside it."""
        found: dict[str, str] = {}
        waiting, seen = [group], set()
        while waiting:
            current = waiting.pop(0)
            if current.id in seen:
                continue
            seen.add(current.id)
            found.update(current.members)
            waiting.extend(self.groups[nested] for nested in current.nested)
        return found


def guid(rng: random.Random) -> str:
    """A version 4 GUID from seeded chance."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def opaque(prefix: str, *parts: str) -> str:
    """An id that only its maker can read, the same for the same parts."""
    digest = hashlib.blake2b("\0".join((prefix, *parts)).encode(), digest_size=48).digest()
    return prefix + base64.urlsafe_b64encode(digest).decode()


def thread_id(rng: random.Random, kind: str = "tacv2") -> str:
    """A Teams thread id, as channels (tacv2) and group chats (v2) have."""
    return f"19:{rng.getrandbits(128):032x}@thread.{kind}"
