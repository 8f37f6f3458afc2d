"""Who of a roster was missed, and who was left out on purpose."""

import pytest

from onboarding.domain.deliveries import BLOCKED_BY_USER, OPTED_OUT, State, Verdict
from onboarding.domain.roll import NEVER_OWED, Attendee, Presence, presence
from tests.domain.ledger import MEGAN, megan, standing


@pytest.mark.parametrize(
    ("known", "verdict"), [({"blocked": True}, BLOCKED_BY_USER), ({"opted_out": True}, OPTED_OUT)]
)
def test_who_wants_no_messages_is_left_out_and_not_missed(
    known: dict[str, bool], verdict: Verdict
) -> None:
    failed = standing(State.FAILED, verdict.code)
    for welcome in (None, failed):
        there = presence(Attendee(MEGAN), megan(**known), welcome, guests=False)
        assert there == (Presence.LEFT_OUT, verdict)


def test_who_was_never_owed_a_welcome_is_missed() -> None:
    there = presence(Attendee(MEGAN), megan(), None, guests=False)
    assert there == (Presence.MISSED, NEVER_OWED)
