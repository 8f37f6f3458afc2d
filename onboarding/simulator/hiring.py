"""Making a seeded Contoso: whom it hires, what is odd about a few, and which teams they form."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from onboarding.simulator.company import (
    DOMAIN,
    Channel,
    Company,
    Group,
    Person,
    Team,
    guid,
    opaque,
    thread_id,
)
from onboarding.simulator.names import (
    CHANNELS,
    DEPARTMENTS,
    FAMILY,
    GIVEN,
    HOSTILE,
    LONG_NAME,
    OFFICE_WEIGHTS,
    OFFICES,
    Office,
)

_TEAM_SIZE = 150
_LARGEST_TEAM = 10_000


def build(people: int, seed: int, today: dt.date) -> Company:
    """Contoso with so many people (10 to 100,000), their departments, teams and groups."""
    if not 10 <= people <= 100_000:
        raise ValueError("a company has 10 to 100,000 people")
    rng = random.Random(seed)
    company = Company(
        guid(rng), guid(rng), guid(rng), guid(rng), f"simulated~{guid(rng)}", [], {}, {}
    )
    company.people = _plant(_hire(people, company.bot_app_id, today, rng), rng)
    for person in company.people:
        company.by_id[person.id] = company.by_teams_id[person.teams_id] = person.index
        company.by_upn[person.upn.lower()] = company.by_mail[person.mail.lower()] = person.index
    _gather(company, today, rng)
    return company


def _hire(count: int, bot: str, today: dt.date, rng: random.Random) -> list[Person]:
    people: list[Person] = []
    mailboxes: dict[str, int] = {}
    colleagues: dict[str, list[str]] = {name: [] for name in DEPARTMENTS}
    departments = rng.choices(
        list(DEPARTMENTS), [share for share, _, _ in DEPARTMENTS.values()], k=count
    )
    departments[1 : len(DEPARTMENTS) + 1] = list(DEPARTMENTS)
    offices = rng.choices(OFFICES, OFFICE_WEIGHTS, k=count)
    for index, (department, office) in enumerate(zip(departments, offices, strict=True)):
        peers, person_id = colleagues[department], guid(rng)
        start = _hire_date(index / count, today, rng)
        person = Person(
            index=index,
            id=person_id,
            teams_id=opaque("29:1", bot, person_id),
            **_called(office.locale, mailboxes, rng),
            **_placed(office),
            department="Board" if index == 0 else department,
            job_title=_title(index, len(peers), department, rng),
            hire_date=start,
            employee_id=f"{index + 1:07d}",
            manager_id=_manager(people, peers),
        )
        people.append(person)
        if index:
            peers.append(person_id)
    return people


def _called(locale: str, mailboxes: dict[str, int], rng: random.Random) -> dict[str, Any]:
    """A name as the locale has them, and a mailbox that nobody else has."""
    given, given_plain = rng.choice(GIVEN[locale])
    family, family_plain = rng.choice(FAMILY[locale])
    mailbox = f"{given_plain}.{family_plain}".lower()
    mailboxes[mailbox] = times = mailboxes.get(mailbox, 0) + 1
    upn = f"{mailbox}{times if times > 1 else ''}@{DOMAIN}"
    shown = f"{family} {given}" if locale == "ja-JP" else f"{given} {family}"
    return {
        "given_name": given,
        "surname": family,
        "display_name": shown,
        "upn": upn,
        "mail": upn,
    }


def _placed(office: Office) -> dict[str, Any]:
    return {
        "office": office.city,
        "country": office.country,
        "usage_location": office.usage_location,
        "locale": office.locale,
        "time_zone": office.time_zone,
        "region": office.region,
    }


def _title(index: int, rank: int, department: str, rng: random.Random) -> str:
    if index == 0:
        return "Chief Executive Officer"
    if rank == 0:
        return f"Head of {department}"
    title = rng.choice(DEPARTMENTS[department][1])
    return f"Senior {title}" if rng.random() < 0.25 else title


def _manager(people: list[Person], peers: list[str]) -> str | None:
    """Seven reports each: a colleague's place in the department decides whose they are."""
    if not people:
        return None
    return peers[(len(peers) - 1) // 7] if peers else people[0].id


def _hire_date(place: float, today: dt.date, rng: random.Random) -> dt.date:
    """Newcomers come from the last four fifths, so that nobody reports to one."""
    if place > 0.2 and rng.random() < 0.2:
        return today + dt.timedelta(days=rng.randint(-14, 14))
    return today - dt.timedelta(days=rng.randint(40, 4_000))


def _plant(people: list[Person], rng: random.Random) -> list[Person]:
    """Turn about 1 % each into guests, disabled, unlicensed, blocked and hostile accounts."""
    first = len(DEPARTMENTS) + 1
    each = max(1, round(len(people) / 100)) if len(people) >= 40 else 0
    if each == 0:
        return people
    kinds = ["guest", "disabled", "unlicensed", "blocked", *["hostile"] * 2]
    chosen = rng.sample(range(first, len(people)), each * len(kinds) + 1)
    for place, index in enumerate(chosen[1:]):
        people[index] = _odd(
            people[index], kinds[place % len(kinds)], place // len(kinds) * 2 + place % 2
        )
    long_one = people[chosen[0]]
    people[chosen[0]] = replace(
        long_one,
        given_name=LONG_NAME[0],
        surname=LONG_NAME[1],
        display_name=" ".join(LONG_NAME),
        planted="long",
    )
    return people


def _odd(person: Person, kind: str, number: int) -> Person:
    if kind == "guest":
        mail = person.mail.replace(f"@{DOMAIN}", "@fabrikam.example")
        upn = f"{mail.replace('@', '_')}#EXT#@contoso.onmicrosoft.com"
        return replace(person, user_type="Guest", mail=mail, upn=upn, planted=kind)
    if kind == "disabled":
        return replace(person, account_enabled=False, planted=kind)
    if kind == "unlicensed":
        return replace(person, licensed=False, planted=kind)
    if kind == "blocked":
        return replace(person, policy="blocked", planted=kind)
    given = HOSTILE[number % len(HOSTILE)]
    return replace(
        person, given_name=given, display_name=f"{given} {person.surname}", planted="hostile"
    )


def _gather(company: Company, today: dt.date, rng: random.Random) -> None:
    """Teams and groups: one per department, smaller ones inside it, everybody, newcomers."""
    everybody = _group(company, "Everyone at Contoso", company.people, rng)
    _team(company, "All Contoso", company.people, rng)
    for department, (_, _, areas) in DEPARTMENTS.items():
        people = [person for person in company.people if person.department == department]
        whole = _team(company, department, people, rng)
        parts = [
            _team(company, f"{department} {area}", part, rng).group.id
            for area, part in _parts(areas, people)
        ]
        tree = _group(company, f"{department} (all teams)", people[:1], rng)
        tree.nested = [whole.group.id, *parts] if len(people) <= _LARGEST_TEAM else parts
    near = dt.timedelta(days=14)
    newcomers = [
        person
        for person in company.people
        if person.hire_date and abs(person.hire_date - today) <= near
    ]
    _group(company, "All newcomers", newcomers, rng)
    assert len(everybody.members) == len(company.people)


def _parts(areas: tuple[str, ...], people: list[Person]) -> Iterator[tuple[str, list[Person]]]:
    number = max(min(len(areas), max(1, len(people) // 4)), -(-len(people) // _TEAM_SIZE))
    for place in range(number):
        rounds = place // len(areas)
        area = areas[place % len(areas)]
        yield (f"{area} {rounds + 1}" if rounds else area), people[place::number]


def _group(company: Company, name: str, people: list[Person], rng: random.Random) -> Group:
    members = {person.id: _role(place, person) for place, person in enumerate(people)}
    group = Group(guid(rng), name, members)
    company.groups[group.id] = group
    return group


def _role(place: int, person: Person) -> str:
    if person.user_type == "Guest":
        return "guest"
    return "owner" if place == 0 else "member"


def _team(company: Company, name: str, people: list[Person], rng: random.Random) -> Team:
    group = _group(company, name, people[:_LARGEST_TEAM], rng)
    general = Channel(thread_id(rng), "General")
    others = [Channel(thread_id(rng), title) for title in rng.sample(CHANNELS, rng.randint(2, 3))]
    team = Team(general.id, group, {channel.id: channel for channel in (general, *others)})
    group.team_id = team.id
    company.teams[team.id] = team
    return team
