"""What follows from what happened, as plain values."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.domain.decide import (
    Claimant,
    Intent,
    Opt,
    Owe,
    Release,
    Show,
    TickOff,
    WelcomeExisting,
    batch_row,
    current_welcome,
    is_rehire,
    joined,
    personal_install,
    place_install,
    pressed,
    set_free,
    speaks,
    written,
)
from onboarding.domain.deliveries import (
    ALREADY_WELCOMED,
    ARRIVED,
    MAY_HAVE_ARRIVED,
    MOVES_ON_WITH_A_WORD,
    MOVES_ON_WITH_APP,
    ON_ITS_WAY,
    OPEN,
    OWED_OR_DONE,
    WAITS_FOR_TIME,
    WELCOMED_RECENTLY,
    Draft,
    Lane,
    Purpose,
    Standing,
    State,
)
from onboarding.domain.facts import (
    AppInstalled,
    CardPressed,
    MembersJoined,
    MessageWritten,
    OtherActivity,
    What,
)
from tests.domain.ledger import (
    ADELE,
    ENGINEERING,
    IN_GROUP,
    MEGAN,
    NOW,
    PERSONAL,
    SALES,
    TENANT,
    Ledger,
    heard,
    in_team,
    megan,
    standing,
)

REACHED_NOBODY = set(State) - OWED_OR_DONE
"""States in which a welcome reached nobody and is not on its way."""


def owed(intents: list[Intent]) -> Draft:
    """The only thing that is to be done: one message owed."""
    (intent,) = intents
    assert isinstance(intent, Owe)
    return intent.draft


def key(draft: Draft) -> tuple[str, str, str]:
    """Recipient, purpose and occasion."""
    return draft.key.recipient, draft.key.purpose, draft.key.occasion


def test_who_installs_it_on_their_own_gets_one_hello() -> None:
    draft = owed(personal_install(heard(), megan(), []))
    assert key(draft) == (MEGAN, "hello", "employment:1")
    assert draft.message == "hello"
    assert draft.lane is Lane.LIVE
    assert not draft.heeds_clock, "they are there right now"


def test_our_own_install_never_brings_a_hello() -> None:
    assert personal_install(heard(), megan(install_asked_at=NOW), []) == []


@pytest.mark.parametrize("state", sorted(OWED_OR_DONE))
def test_no_hello_beside_a_welcome_that_is_owed_or_done(state: State) -> None:
    assert personal_install(heard(), megan(), [standing(state)]) == []


@pytest.mark.parametrize("state", sorted(REACHED_NOBODY))
def test_a_welcome_that_reached_nobody_is_no_reason_not_to_say_hello(state: State) -> None:
    assert key(owed(personal_install(heard(), megan(), [standing(state, "x")])))[1] == "hello"


def test_the_welcome_of_an_earlier_employment_does_not_count() -> None:
    rehired = megan(employment=2)
    draft = owed(personal_install(heard(), rehired, [standing(State.SENT)]))
    assert key(draft) == (MEGAN, "hello", "employment:2")


def test_who_opted_out_is_left_in_peace() -> None:
    assert personal_install(heard(), megan(opted_out=True), []) == []


@pytest.mark.parametrize("state", [State.WAITING, State.FAILED, State.SKIPPED])
@pytest.mark.parametrize("code", sorted(MOVES_ON_WITH_APP))
def test_what_waited_for_the_app_moves_on_and_there_is_no_hello(state: State, code: str) -> None:
    assert personal_install(heard(), megan(), [standing(state, code)]) == [Release(7)]


@pytest.mark.parametrize("state", sorted(set(State) - {State.WAITING, State.FAILED, State.SKIPPED}))
def test_nothing_that_is_under_way_or_done_is_touched(state: State) -> None:
    assert set_free([standing(state, "waits_for_app")]) == []


@pytest.mark.parametrize("code", ["quiet_hours", "scheduled", "opted_out", "guest", None])
def test_what_waits_for_something_else_goes_on_waiting(code: str | None) -> None:
    assert set_free([standing(State.WAITING, code), standing(State.SKIPPED, code)]) == []


def test_everything_that_waited_for_the_app_goes_on_whatever_its_purpose() -> None:
    rows = [
        standing(State.WAITING, "waits_for_app", row=1),
        standing(State.WAITING, "waits_for_app", purpose=Purpose.TEAM_WELCOME, row=2),
        standing(State.WAITING, "quiet_hours", purpose=Purpose.TEAM_WELCOME, row=3),
    ]
    assert set_free(rows) == [Release(1), Release(2)]


@pytest.mark.parametrize("code", sorted(MOVES_ON_WITH_APP))
def test_a_row_that_gave_way_to_a_later_one_stays_where_it_is(code: str) -> None:
    rows = [
        standing(State.FAILED, code, occasion="employment:1:gave way:1", row=1),
        standing(State.FAILED, code, row=2),
    ]
    assert set_free(rows) == [Release(2)]


@pytest.mark.parametrize("state", [State.WAITING, State.FAILED, State.SKIPPED])
@pytest.mark.parametrize("code", sorted(MOVES_ON_WITH_A_WORD))
def test_what_they_had_blocked_moves_on_with_a_word_and_not_with_the_app(
    state: State, code: str
) -> None:
    rows = [
        standing(state, code, occasion="employment:1:gave way:1", row=1),
        standing(state, code, row=2),
        standing(State.WAITING, "waits_for_app", row=3),
        standing(state, "opted_out", row=4),
    ]
    assert set_free(rows, spoke=True) == [Release(2), Release(3)]
    assert set_free(rows) == [Release(3)]


@pytest.mark.parametrize(
    ("what", "ends_it"),
    [
        (MessageWritten("hi"), True),
        (CardPressed("help"), True),
        (CardPressed("help", automatic=True), False),
        (AppInstalled(), False),
        (OtherActivity("messageReaction"), False),
    ],
)
def test_only_a_word_or_a_pressed_button_ends_a_block(what: What, ends_it: bool) -> None:
    assert speaks(what) is ends_it


def test_a_team_gets_one_introduction_that_knows_who_and_where() -> None:
    draft = owed(place_install(heard(place=in_team()), ADELE, "never"))
    assert key(draft) == (SALES.id, "team_intro", "install")
    assert draft.context["trigger"] == {"kind": "team_install", "who_aad": ADELE}
    assert draft.context["team"] == {"id": SALES.id, "name": "Sales"}
    assert draft.conversation_id == SALES.id
    assert draft.service_url == "https://smba.example/emea/"
    assert draft.context["existing_members"] == "never"


def test_a_group_chat_gets_an_introduction_of_its_own_and_no_question() -> None:
    for existing in ("never", "ask", "always"):
        draft = owed(place_install(heard(place=IN_GROUP), ADELE, existing))
        assert key(draft) == (IN_GROUP.conversation_id, "group_intro", "install")


def test_ask_asks_the_installer_once_for_each_team() -> None:
    intro, offer = place_install(heard(place=in_team()), ADELE, "ask")
    assert isinstance(intro, Owe)
    assert isinstance(offer, Owe)
    assert key(offer.draft) == (ADELE, "offer_existing", SALES.id)
    other = place_install(heard(place=in_team(ENGINEERING)), ADELE, "ask")[1]
    assert isinstance(other, Owe)
    assert other.draft.key != offer.draft.key


def test_nobody_is_asked_when_nobody_is_known_to_have_installed_it() -> None:
    assert owed(place_install(heard(place=in_team()), None, "ask")).message == "team_intro"


def test_always_reads_the_roster_at_once() -> None:
    assert place_install(heard(place=in_team()), ADELE, "always")[1:] == [WelcomeExisting(SALES.id)]


def test_never_writes_to_no_member_at_all() -> None:
    for intent in place_install(heard(place=in_team()), ADELE, "never"):
        assert isinstance(intent, Owe)
        assert intent.draft.key.recipient == SALES.id


def join(standings: list[Standing], *, existing: bool = False, **known: object) -> list[Intent]:
    """Megan joined Sales, added by Adele."""
    what = heard(MembersJoined(()), in_team(), sender=ADELE)
    return joined(what, megan(**known), standings, NOW, adder=ADELE, existing=existing)


def test_who_was_never_welcomed_gets_their_welcome_in_the_name_of_the_team() -> None:
    draft = owed(join([]))
    assert key(draft) == (MEGAN, "welcome", "employment:1")
    assert draft.lane is Lane.LIVE
    assert draft.team_id == SALES.id
    assert draft.context["team"] == {"id": SALES.id, "name": "Sales"}
    assert draft.context["trigger"] == {"kind": "team_join", "who_aad": ADELE}
    assert draft.heeds_clock


@pytest.mark.parametrize("state", sorted(REACHED_NOBODY))
def test_a_welcome_that_reached_nobody_gives_way_to_a_new_one(state: State) -> None:
    (intent,) = join([standing(state, "guest")])
    assert isinstance(intent, Owe)
    assert key(intent.draft) == (MEGAN, "welcome", "employment:1")
    assert intent.gives_way == 7


@pytest.mark.parametrize("code", sorted(MOVES_ON_WITH_APP))
def test_a_welcome_that_waits_for_the_app_goes_out_because_the_team_has_it(code: str) -> None:
    assert join([standing(State.WAITING, code)]) == [Release(7)]


@pytest.mark.parametrize("state", sorted(OWED_OR_DONE - ARRIVED))
def test_beside_a_welcome_on_its_way_the_short_one_stays_quiet(state: State) -> None:
    draft = owed(join([standing(state)]))
    assert key(draft) == (MEGAN, "team_welcome", SALES.id)
    assert draft.state is State.SKIPPED
    assert draft.verdict == WELCOMED_RECENTLY


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(0), State.SKIPPED),
        (timedelta(hours=24) - timedelta(microseconds=1), State.SKIPPED),
        (timedelta(hours=24), State.QUEUED),
        (timedelta(days=300), State.QUEUED),
    ],
)
@pytest.mark.parametrize("arrived", sorted(ARRIVED))
def test_a_day_after_the_welcome_each_team_gives_a_short_one(
    age: timedelta, state: State, arrived: State
) -> None:
    draft = owed(join([standing(arrived, sent_at=NOW - age)]))
    assert key(draft) == (MEGAN, "team_welcome", SALES.id)
    assert draft.state is state
    assert (draft.verdict is None) == (state is State.QUEUED)


def test_a_short_welcome_of_another_team_counts_as_a_welcome_too() -> None:
    rows = [
        standing(State.SENT, sent_at=NOW - timedelta(days=90)),
        standing(
            State.SENT,
            purpose=Purpose.TEAM_WELCOME,
            occasion=ENGINEERING.id,
            sent_at=NOW - timedelta(hours=2),
        ),
    ]
    assert owed(join(rows)).state is State.SKIPPED


def test_a_hello_does_not_stand_in_for_a_welcome() -> None:
    draft = owed(join([standing(State.SENT, purpose=Purpose.HELLO, sent_at=NOW)]))
    assert draft.key.purpose == "welcome"


def test_a_rehire_is_welcomed_again() -> None:
    draft = owed(join([standing(State.SENT, sent_at=NOW)], employment=2))
    assert key(draft) == (MEGAN, "welcome", "employment:2")


def test_existing_members_are_welcomed_in_the_slow_lane() -> None:
    draft = owed(join([], existing=True))
    assert key(draft) == (MEGAN, "welcome", "employment:1")
    assert draft.lane is Lane.BULK


@pytest.mark.parametrize("state", sorted(OWED_OR_DONE))
def test_existing_members_who_were_welcomed_hear_nothing(state: State) -> None:
    rows = [standing(state, sent_at=NOW - timedelta(days=90))]
    assert join(rows, existing=True) == []


def write(text: str, place: Any = PERSONAL, welcome: Any = None) -> list[Intent]:
    """Megan writes to the bot."""
    what = MessageWritten(text)
    return written(heard(what, place), what, welcome=welcome)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("help", "help"),
        ("who are you", "who"),
        ("where is my laptop?", "not_understood"),
        ("", "not_understood"),
        ("newconversation today", "not_understood"),
        ("welcome", "welcome_again_none"),
    ],
)
def test_there_is_always_exactly_one_answer(text: str, message: str) -> None:
    draft = owed(write(text))
    assert key(draft) == (MEGAN, "reply", "act1")
    assert draft.message == message
    assert draft.conversation_id == "a:megan"
    assert draft.lane is Lane.LIVE
    assert not draft.heeds_clock, "whoever asks at night is answered at night"


def test_a_doubled_event_is_answered_once() -> None:
    ledger = Ledger()
    ledger.carry_out(write("help") + write("help"))
    assert len(ledger.rows) == 1


def test_the_welcome_is_shown_again_as_it_was() -> None:
    draft = owed(write("welcome", welcome={"team": {"name": "Sales"}, "x_desk": "4"}))
    assert draft.message == "welcome"
    assert draft.context["x_desk"] == "4"
    assert draft.context["team"] == {"name": "Sales"}
    assert draft.context["trigger"] == {"kind": "request"}
    assert draft.key.purpose == "reply", "showing it again is no second welcome"


@pytest.mark.parametrize(
    ("text", "out", "message"), [("stop", True, "stopped"), ("start", False, "started")]
)
def test_stop_and_start_are_obeyed_and_confirmed(text: str, out: bool, message: str) -> None:
    wish, answer = write(text)
    assert wish == Opt(out)
    assert owed([answer]).message == message


@pytest.mark.parametrize("place", [in_team(), IN_GROUP])
@pytest.mark.parametrize("text", ["stop", "start", "welcome", "help", "who"])
def test_in_company_nobody_can_be_opted_out_and_nothing_personal_is_shown(
    text: str, place: Any
) -> None:
    draft = owed(write(text, place, welcome={"x_desk": "4"}))
    assert draft.message == "help"
    assert draft.key.recipient == place.conversation_id
    assert "x_desk" not in draft.context


def test_what_is_not_understood_in_a_channel_is_answered_there() -> None:
    thread = in_team(SALES, "19:general@thread.tacv2")
    draft = owed(write("blah", thread))
    assert draft.message == "not_understood"
    assert draft.conversation_id == "19:general@thread.tacv2;messageid=1"


def test_a_new_conversation_starts_in_the_channel_where_it_was_asked_for() -> None:
    thread = in_team(SALES, "19:general@thread.tacv2")
    draft = owed(write("newconversation Kick-off on Monday", thread))
    assert key(draft) == ("19:general@thread.tacv2", "new_conversation", "act1")
    assert draft.context["text"] == "Kick-off on Monday"
    assert draft.context["trigger"] == {"kind": "request", "who_aad": MEGAN}
    assert draft.team_id == SALES.id


def test_a_new_conversation_finds_its_channel_from_the_thread() -> None:
    nameless = replace(in_team(SALES, "19:general@thread.tacv2"), channel_id=None)
    assert owed(write("newconversation x", nameless)).key.recipient == "19:general@thread.tacv2"


def test_a_group_chat_has_no_threads_to_start() -> None:
    assert owed(write("newconversation x", IN_GROUP)).message == "help"


def press(
    verb: str,
    data: Any = None,
    place: Any = PERSONAL,
    welcome: Any = None,
    teams: tuple[str, ...] = (),
    **how: bool,
) -> list[Intent]:
    """Megan presses a button."""
    what = CardPressed(verb, data or {}, "card1", **how)
    return pressed(heard(what, place), what, welcome=welcome, installed_by_presser=teams)


VERBS = ("help", "welcome", "stop", "start", "who", "step", "welcome_existing", "dismiss", "", "x")


@pytest.mark.parametrize("place", [PERSONAL, in_team(), IN_GROUP])
@pytest.mark.parametrize("verb", VERBS)
def test_teams_own_refresh_changes_nothing(verb: str, place: Any) -> None:
    data = {"step": "laptop", "team": SALES.id}
    assert press(verb, data, place, teams=(SALES.id,), automatic=True) == []


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("help", "help"),
        ("who", "who"),
        ("welcome", "welcome_again_none"),
        ("dismiss", "help"),
        ("newconversation", "not_understood"),
        ("unknown", "not_understood"),
        ("drop table", "not_understood"),
        ("", "not_understood"),
    ],
)
def test_every_press_is_answered_in_the_card(verb: str, message: str) -> None:
    (shown,) = press(verb)
    assert isinstance(shown, Show)
    assert shown.message == message
    assert shown.context["trigger"] == {"kind": "request"}


def test_a_submit_that_awaits_no_answer_gets_a_message() -> None:
    draft = owed(press("help", awaits_answer=False))
    assert key(draft) == (MEGAN, "reply", "act1")
    assert draft.message == "help"


@pytest.mark.parametrize(("verb", "out"), [("stop", True), ("start", False)])
def test_stop_and_start_are_buttons_too(verb: str, out: bool) -> None:
    wish, shown = press(verb)
    assert wish == Opt(out)
    assert isinstance(shown, Show)


@pytest.mark.parametrize("place", [in_team(), IN_GROUP])
@pytest.mark.parametrize("verb", VERBS)
def test_in_company_a_press_changes_nothing(verb: str, place: Any) -> None:
    data = {"step": "laptop", "team": SALES.id}
    (shown,) = press(verb, data, place, welcome={"x_desk": "4"}, teams=(SALES.id,))
    assert isinstance(shown, Show)
    assert shown.message in ("help", "who")
    assert "x_desk" not in shown.context


@pytest.mark.parametrize(
    ("data", "tick"),
    [
        ({"step": "laptop"}, TickOff("laptop", done=True)),
        ({"step": "laptop", "done": True}, TickOff("laptop", done=True)),
        ({"step": "laptop", "done": False}, TickOff("laptop", done=False)),
        ({"step": "x" * 500}, TickOff("x" * 64, done=True)),
        ({"step": 5}, TickOff("5", done=True)),
    ],
)
def test_a_step_is_ticked_off_and_the_welcome_shown_anew(
    data: dict[str, object], tick: TickOff
) -> None:
    ticked, shown = press("step", data, welcome={"x_desk": "4"})
    assert ticked == tick
    assert isinstance(shown, Show)
    assert shown.message == "welcome"
    assert shown.context["x_desk"] == "4"


@pytest.mark.parametrize("data", [{}, {"step": ""}, {"step": None}])
def test_a_step_without_a_name_is_nothing(data: dict[str, object]) -> None:
    assert press("step", data) == []


def test_who_added_the_app_may_have_the_existing_members_welcomed() -> None:
    wanted, shown = press("welcome_existing", {"team": SALES.id}, teams=(SALES.id,))
    assert wanted == WelcomeExisting(SALES.id)
    assert isinstance(shown, Show)
    assert shown.message == "existing_welcomed"


@pytest.mark.parametrize("data", [{"team": SALES.id}, {"team": None}, {}, {"team": ["19:"]}])
def test_nobody_else_may_whatever_the_button_says(data: dict[str, object]) -> None:
    assert press("welcome_existing", data, teams=(ENGINEERING.id,)) == []
    assert press("welcome_existing", data, teams=()) == []


LATER = NOW + timedelta(days=1)


def claim(
    before: Standing | None = None, message: str = "welcome", due: Any = None, **known: object
) -> Owe:
    """Megan is in HR's batch b1."""
    return batch_row("b1", message, due, Claimant(megan(**known), before, {"x_desk": "4"}))


def test_a_welcome_shares_its_key_with_every_other_road() -> None:
    made = claim()
    assert made.draft.key == owed(join([])).key
    assert made.gives_way is None
    assert made.draft.state is State.QUEUED
    assert made.draft.lane is Lane.BULK
    assert made.draft.batch_id == "b1"
    assert made.draft.context == {"x_desk": "4"}
    assert made.draft.heeds_clock


@pytest.mark.parametrize(
    ("state", "why"),
    [(state, ON_ITS_WAY) for state in sorted(OPEN)]
    + [(state, ALREADY_WELCOMED) for state in sorted(ARRIVED)]
    + [(State.UNSURE, MAY_HAVE_ARRIVED)],
)
def test_who_has_or_will_have_a_welcome_is_skipped_and_told_why(state: State, why: object) -> None:
    made = claim(standing(state), due=LATER)
    assert made.draft.state is State.SKIPPED
    assert made.draft.verdict == why
    assert made.draft.key.occasion == "employment:1:again:b1"
    assert made.draft.due_at is None
    assert made.gives_way is None


@pytest.mark.parametrize("state", sorted(REACHED_NOBODY))
def test_a_welcome_that_reached_nobody_gives_way(state: State) -> None:
    made = claim(standing(state, "not_installed"))
    assert made.draft.state is State.QUEUED
    assert made.draft.key.occasion == "employment:1"
    assert made.gives_way == 7


def test_what_is_for_later_waits_for_its_time() -> None:
    made = claim(due=LATER)
    assert made.draft.state is State.WAITING
    assert made.draft.verdict == WAITS_FOR_TIME
    assert made.draft.due_at == LATER


def test_any_other_message_is_owed_once_for_each_batch() -> None:
    made = claim(standing(State.SENT), message="help")
    assert key(made.draft) == (MEGAN, "help", "b1")
    assert made.draft.state is State.QUEUED
    assert made.gives_way is None


def test_a_rehire_has_a_key_of_their_own() -> None:
    assert claim(employment=2).draft.key.occasion == "employment:2"


@pytest.mark.parametrize(
    ("known_id", "known_day", "told_id", "told_day", "rehired"),
    [
        ("7", None, "8", None, True),
        ("7", None, "7", None, False),
        ("7", None, None, None, False),
        (None, None, "8", None, False),
        (None, date(2026, 1, 1), None, date(2026, 1, 31), True),
        (None, date(2026, 1, 1), None, date(2026, 1, 30), False),
        (None, date(2026, 1, 31), None, date(2026, 1, 1), False),
        (None, None, None, date(2026, 1, 1), False),
        (None, date(2026, 1, 1), None, None, False),
        ("7", date(2026, 1, 1), "7", date(2026, 9, 1), True),
        ("7", date(2026, 1, 1), "8", date(2026, 1, 1), True),
    ],
)
def test_a_new_employee_id_or_a_much_later_first_day_is_a_rehire(
    known_id: str | None,
    known_day: date | None,
    told_id: str | None,
    told_day: date | None,
    rehired: bool,
) -> None:
    known = megan(employee_id=known_id, start_date=known_day)
    assert is_rehire(known, told_id, told_day) is rehired


def test_the_current_welcome_is_that_of_the_present_employment() -> None:
    rows = [
        standing(State.SENT, purpose=Purpose.HELLO, row=1),
        standing(State.SENT, occasion="employment:1", row=2),
        standing(State.FAILED, occasion="employment:2:gave way:3", row=3),
        standing(State.SKIPPED, occasion="employment:2:again:b1", row=4),
        standing(State.QUEUED, occasion="employment:2", row=5),
    ]
    found = current_welcome(rows, megan(employment=2))
    assert found is not None
    assert found.id == 5
    assert current_welcome(rows, megan(employment=3)) is None


Road = Callable[[Ledger], None]


def by_team(ledger: Ledger) -> None:
    ledger.carry_out(join(ledger.standings()))


def by_other_team(ledger: Ledger) -> None:
    what = heard(MembersJoined(()), in_team(ENGINEERING), sender=ADELE)
    ledger.carry_out(joined(what, megan(), ledger.standings(), NOW, adder=ADELE))


def by_sweep(ledger: Ledger) -> None:
    ledger.carry_out(join(ledger.standings(), existing=True))


def by_install(ledger: Ledger) -> None:
    ledger.carry_out(personal_install(heard(AppInstalled()), megan(), ledger.standings()))


def by_batch(ledger: Ledger) -> None:
    standings = ledger.standings()
    claimant = Claimant(megan(), current_welcome(standings, megan()), {})
    batches = {row.draft.batch_id for row in ledger.rows if row.draft.batch_id}
    ledger.carry_out([batch_row(f"b{len(batches) + 1}", "welcome", None, claimant)])


ROADS: tuple[Road, ...] = (by_team, by_install, by_batch, by_sweep)
OUTCOMES = (
    None,
    (State.SENT, None),
    (State.UNSURE, "answer_lost"),
    (State.FAILED, "blocked_by_policy"),
    (State.FAILED, "internal_error"),
    (State.WAITING, "waits_for_app"),
    (State.SKIPPED, "no_licence"),
    (State.SKIPPED, "guest"),
)


def check(ledger: Ledger) -> None:
    """The promise: never two welcomes owed or done, and never one sent twice."""
    live = [row for row in ledger.rows if row.is_welcome and row.standing.state in OWED_OR_DONE]
    assert len(live) <= 1, live
    assert ledger.sent.count("welcome") <= 1
    assert ledger.sent.count("hello") <= 1


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
@pytest.mark.parametrize(
    "order",
    list(permutations(ROADS)),
    ids=lambda order: " ".join(road.__name__[3:] for road in order),
)
def test_the_four_roads_in_any_order_owe_one_welcome(
    order: tuple[Road, ...], outcome: tuple[State, str | None] | None
) -> None:
    ledger = Ledger()
    for road in order:
        road(ledger)
        check(ledger)
        if outcome:
            ledger.settle(*outcome)
            check(ledger)
    welcomes = [row for row in ledger.rows if row.is_welcome]
    assert welcomes, "one of the roads must have brought a welcome"
    assert len({(row.standing.purpose, row.standing.occasion) for row in ledger.rows}) == len(
        ledger.rows
    )
    assert [row.draft.batch_id for row in ledger.rows if row.draft.batch_id] == ["b1"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*ROADS, by_other_team]),
            st.sampled_from(OUTCOMES),
        ),
        max_size=12,
    )
)
def test_no_history_at_all_brings_two_welcomes(
    history: list[tuple[Road, tuple[State, str | None] | None]],
) -> None:
    ledger = Ledger()
    for road, outcome in history:
        road(ledger)
        check(ledger)
        if outcome:
            ledger.settle(*outcome)
            check(ledger)
    asked = sum(road is by_batch for road, _ in history)
    assert sum(row.draft.batch_id is not None for row in ledger.rows) == asked


def test_two_failed_batches_and_then_an_install_bring_one_welcome() -> None:
    ledger = Ledger()
    for _ in range(2):
        by_batch(ledger)
        ledger.settle(State.FAILED, "blocked_by_policy")
    by_install(ledger)
    ledger.settle(State.SENT)
    assert ledger.sent == ["welcome"]


def test_a_hello_and_then_a_batch_bring_both_once() -> None:
    ledger = Ledger()
    for road in (by_install, by_install, by_batch, by_batch, by_team):
        road(ledger)
        ledger.settle(State.SENT)
    assert ledger.sent == ["hello", "welcome"]


def test_nothing_is_decided_for_another_tenant() -> None:
    for intents in (join([]), write("help"), place_install(heard(place=in_team()), ADELE, "ask")):
        for intent in intents:
            assert isinstance(intent, Owe)
            assert intent.draft.key.tenant_id == TENANT
