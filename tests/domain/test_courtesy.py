"""Quiet hours on a person's own clock, through every night of the year."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from onboarding.domain.courtesy import not_before, zone

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
)
NIGHT = (time(20), time(8))
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
DAY = 24 * 60

minutes_of_day = st.integers(0, DAY - 1)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
zones = st.sampled_from(ZONES).map(ZoneInfo)


def clock(minute: int) -> time:
    """The time of day so many minutes after midnight."""
    return time(minute // 60, minute % 60)


@st.composite
def quiet_hours(draw: st.DrawFn) -> tuple[time, time]:
    """Any hours that leave at least two to speak: a shorter break may not exist one night a year,
    when the clock jumps over it."""
    begin = draw(minutes_of_day)
    length = draw(st.integers(1, DAY - 120))
    return clock(begin), clock((begin + length) % DAY)


def is_quiet(moment: datetime, where: ZoneInfo, quiet: tuple[time, time]) -> bool:
    """The definition: the wall clock shows a time in [begin, end), round midnight if need be."""
    shows = moment.astimezone(where).time()
    begin, end = quiet
    return begin <= shows < end if begin < end else not (end <= shows < begin)


def berlin(*when: int, fold: int = 0) -> datetime:
    """A moment that Berlin's clock shows, in UTC."""
    return datetime(*when, tzinfo=BERLIN, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


def new_york(*when: int, fold: int = 0) -> datetime:
    """A moment that New York's clock shows, in UTC."""
    return datetime(*when, tzinfo=NEW_YORK, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


@given(now=moments, where=zones, quiet=quiet_hours())
@example(berlin(2026, 10, 25, 2, 15, fold=1), BERLIN, (time(20), time(2, 30)))
@example(berlin(2026, 10, 25, 2, 15, fold=0), BERLIN, (time(20), time(2, 30)))
@example(berlin(2026, 3, 29, 1, 15), BERLIN, (time(20), time(2, 30)))
@example(new_york(2026, 11, 1, 1, 15, fold=1), NEW_YORK, (time(21), time(1, 45)))
def test_nothing_is_sent_in_quiet_hours_nor_before_now_nor_later_than_it_must(
    now: datetime, where: ZoneInfo, quiet: tuple[time, time]
) -> None:
    due = not_before(now, where, quiet)
    assert not is_quiet(due, where, quiet)
    assert due >= now
    assert due - now <= timedelta(hours=25), "a day, and the hour that a clock may be put back"
    assert due.utcoffset() == timedelta(0)


@given(now=moments, where=zones, quiet=quiet_hours())
def test_who_may_be_written_to_now_is_written_to_now(
    now: datetime, where: ZoneInfo, quiet: tuple[time, time]
) -> None:
    assume(not is_quiet(now, where, quiet))
    assert not_before(now, where, quiet) == now


@given(now=moments, where=zones, quiet=quiet_hours())
def test_on_an_ordinary_day_one_waits_for_exactly_the_end_of_quiet_hours(
    now: datetime, where: ZoneInfo, quiet: tuple[time, time]
) -> None:
    assume(is_quiet(now, where, quiet))
    day = {(now + timedelta(hours=h)).astimezone(where).utcoffset() for h in range(-1, 27)}
    assume(len(day) == 1)
    due = not_before(now, where, quiet)
    assert due.astimezone(where).time() == quiet[1]
    assert due - now <= timedelta(hours=24)


@given(now=moments, where=zones)
def test_without_quiet_hours_nothing_ever_waits(now: datetime, where: ZoneInfo) -> None:
    assert not_before(now, where, None) == now


@given(now=moments, where=zones, quiet=quiet_hours())
def test_asking_again_at_that_moment_changes_nothing(
    now: datetime, where: ZoneInfo, quiet: tuple[time, time]
) -> None:
    due = not_before(now, where, quiet)
    assert not_before(due, where, quiet) == due


@pytest.mark.parametrize("name", ZONES)
def test_a_minute_before_midnight_is_night_everywhere(name: str) -> None:
    where = ZoneInfo(name)
    late = datetime(2026, 7, 14, 23, 59, 59, tzinfo=where).astimezone(UTC)
    due = not_before(late, where, NIGHT).astimezone(where)
    assert due == datetime(2026, 7, 15, 8, 0, tzinfo=where)


@pytest.mark.parametrize("name", ZONES)
def test_quiet_hours_begin_at_their_first_second_and_end_before_their_last(name: str) -> None:
    where = ZoneInfo(name)

    def sent(*when: int) -> datetime:
        now = datetime(2026, 7, 14, *when, tzinfo=where).astimezone(UTC)  # type: ignore[arg-type, misc]
        return not_before(now, where, NIGHT).astimezone(where)

    assert sent(19, 59, 59) == datetime(2026, 7, 14, 19, 59, 59, tzinfo=where)
    assert sent(20, 0, 0) == datetime(2026, 7, 15, 8, 0, tzinfo=where)
    assert sent(7, 59, 59, 999_999) == datetime(2026, 7, 14, 8, 0, tzinfo=where)
    assert sent(8, 0, 0) == datetime(2026, 7, 14, 8, 0, tzinfo=where)


def test_quiet_hours_in_the_middle_of_a_day_end_the_same_day() -> None:
    siesta = (time(13), time(15, 30))
    assert not_before(berlin(2026, 7, 14, 14, 20), BERLIN, siesta) == berlin(2026, 7, 14, 15, 30)
    assert not_before(berlin(2026, 7, 14, 23, 59), BERLIN, siesta) == berlin(2026, 7, 14, 23, 59)


def test_the_night_that_lacks_an_hour_is_an_hour_shorter() -> None:
    due = not_before(berlin(2026, 3, 28, 20, 0), BERLIN, NIGHT)
    assert due == berlin(2026, 3, 29, 8, 0)
    assert due - berlin(2026, 3, 28, 20, 0) == timedelta(hours=11)
    due = not_before(new_york(2026, 3, 7, 20, 0), NEW_YORK, NIGHT)
    assert due - new_york(2026, 3, 7, 20, 0) == timedelta(hours=11)


def test_the_night_that_has_an_hour_twice_is_an_hour_longer() -> None:
    due = not_before(berlin(2026, 10, 24, 20, 0), BERLIN, NIGHT)
    assert due == berlin(2026, 10, 25, 8, 0)
    assert due - berlin(2026, 10, 24, 20, 0) == timedelta(hours=13)
    due = not_before(new_york(2026, 10, 31, 20, 0), NEW_YORK, NIGHT)
    assert due - new_york(2026, 10, 31, 20, 0) == timedelta(hours=13)


def test_an_end_that_the_clock_jumps_over_is_reached_with_the_jump_or_soon_after() -> None:
    early = (time(20), time(2, 30))
    due = not_before(berlin(2026, 3, 29, 1, 15), BERLIN, early)
    assert berlin(2026, 3, 29, 3, 0) <= due <= berlin(2026, 3, 29, 3, 30)


def test_an_end_that_the_clock_shows_twice_counts_both_times() -> None:
    early = (time(20), time(2, 30))
    first = berlin(2026, 10, 25, 2, 30)
    assert not_before(berlin(2026, 10, 25, 2, 15), BERLIN, early) == first
    assert not_before(first, BERLIN, early) == first
    second = berlin(2026, 10, 25, 2, 30, fold=1)
    assert not_before(berlin(2026, 10, 25, 2, 15, fold=1), BERLIN, early) == second


def test_two_people_in_one_batch_wait_for_their_own_mornings() -> None:
    now = datetime(2026, 7, 14, 2, 0, tzinfo=UTC)
    assert not_before(now, BERLIN, NIGHT) == datetime(2026, 7, 14, 6, 0, tzinfo=UTC)
    assert not_before(now, NEW_YORK, NIGHT) == datetime(2026, 7, 14, 12, 0, tzinfo=UTC)
    assert not_before(now, ZoneInfo("Asia/Tokyo"), NIGHT) == now


def test_a_known_zone_is_taken_as_it_is() -> None:
    assert zone("Asia/Tokyo", "Europe/Berlin").key == "Asia/Tokyo"


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "Europe/Atlantis",
        "W. Europe Standard Time",
        "Europe",
        "../../etc/passwd",
        "/etc/localtime",
        "a\0b",
        "A" * 300,
        "Zürich/Ürig",
    ],
)
def test_whatever_names_no_zone_falls_back(name: str | None) -> None:
    assert zone(name, "Europe/Berlin").key == "Europe/Berlin"
