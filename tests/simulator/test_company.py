"""The seeded company looks like one, and is the same each time."""

import dataclasses
import datetime as dt

import pytest

from onboarding.simulator.hiring import build

TODAY = dt.date(2026, 11, 23)
PLANTED = {"guest", "disabled", "unlicensed", "blocked", "hostile", "long"}


@pytest.fixture(scope="module")
def contoso():
    return build(600, 7, TODAY)


def test_a_seed_and_a_day_give_the_same_company():
    one, two = build(120, 3, TODAY), build(120, 3, TODAY)
    assert one == two
    assert build(120, 4, TODAY).people[0].id != one.people[0].id


def test_everybody_leads_to_one_chief(contoso):
    people = {person.id: person for person in contoso.people}
    for person in contoso.people:
        climbed = 0
        while person.manager_id is not None:
            person, climbed = people[person.manager_id], climbed + 1
            assert climbed < 12
        assert person.index == 0


def test_nobody_reports_to_a_newcomer(contoso):
    starts = {person.id: person.hire_date for person in contoso.people}
    managers = {person.manager_id for person in contoso.people} - {None}
    assert max(starts[manager] for manager in managers) < TODAY - dt.timedelta(days=14)


def test_a_share_of_the_people_are_newcomers(contoso):
    near = dt.timedelta(days=14)
    newcomers = [p for p in contoso.people if abs(p.hire_date - TODAY) <= near]
    assert 0.08 < len(newcomers) / 600 < 0.25
    group = next(g for g in contoso.groups.values() if g.name == "All newcomers")
    assert set(group.members) == {person.id for person in newcomers}


@pytest.mark.parametrize("size", [40, 60, 600])
def test_every_oddity_is_planted_in_about_one_of_a_hundred(size):
    people = build(size, 7, TODAY).people
    counts = {kind: sum(person.planted == kind for person in people) for kind in PLANTED}
    assert all(counts.values())
    for kind in ("guest", "disabled", "unlicensed", "blocked"):
        assert counts[kind] == max(1, round(size / 100))


def test_the_oddities_are_what_they_say(contoso):
    kinds = {person.planted: person for person in contoso.people}
    assert kinds["guest"].user_type == "Guest"
    assert "#EXT#@" in kinds["guest"].upn
    assert kinds["disabled"].account_enabled is False
    assert kinds["unlicensed"].licensed is False
    assert kinds["blocked"].policy == "blocked"
    hostile = {person.given_name for person in contoso.people if person.planted == "hostile"}
    assert {'"}],"x":[{', "{{ settings }}", "<at>everyone</at>"} <= hostile
    assert max(len(person.display_name) for person in contoso.people) > 100


def test_names_come_in_many_scripts_and_shapes(contoso):
    names = " ".join(person.display_name for person in contoso.people)
    for mark in ("O'Brien", "Jean-François", "ü", "渡辺", "כהן", "محمد"):
        assert mark in names


def test_ids_are_unique_and_employee_ids_keep_their_zeros(contoso):
    people = contoso.people
    for name in ("id", "upn", "teams_id", "employee_id"):
        assert len({getattr(person, name) for person in people}) == len(people)
    assert people[0].employee_id == "0000001"
    assert len({person.time_zone for person in people}) >= 8


def test_teams_have_a_general_channel_with_their_own_id(contoso):
    assert len(contoso.teams) > 20
    for team in contoso.teams.values():
        assert team.channels[team.id].name == "General"
        assert 3 <= len(team.channels) <= 4
        assert team.group.members


def test_a_person_is_found_by_every_id_and_not_after_leaving(contoso):
    person = contoso.people[100]
    for key in (person.id.upper(), person.upn.upper(), person.teams_id):
        assert contoso.find(key) == person
    changed = contoso.change(person, upn="new.name@contoso.com")
    assert contoso.find("new.name@contoso.com") == changed
    assert contoso.find(person.upn) is None
    contoso.change(changed, left=True)
    assert contoso.find(person.id) is None
    assert all(person.id not in group.members for group in contoso.groups.values())


def test_people_cannot_be_changed_behind_the_companys_back(contoso):
    with pytest.raises(dataclasses.FrozenInstanceError):
        contoso.people[0].upn = "x"


@pytest.mark.parametrize("size", [9, 100_001])
def test_a_company_has_its_limits(size):
    with pytest.raises(ValueError, match="10 to 100,000"):
        build(size, 7, TODAY)
