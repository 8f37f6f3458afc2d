"""A ledger in a list: enough of the promise to see what decisions come to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from onboarding.domain import decide
from onboarding.domain.deliveries import Draft, Purpose, Standing, State
from onboarding.domain.facts import Account, AppInstalled, Heard, Place, Scope, TeamRef, What
from onboarding.domain.people import Person

TENANT = "t1"
MEGAN = "00000000-0000-4000-8000-000000000001"
ADELE = "00000000-0000-4000-8000-000000000002"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SALES = TeamRef("19:sales@thread.tacv2", "Sales")
ENGINEERING = TeamRef("19:engineering@thread.tacv2", "Engineering")
PERSONAL = Place(Scope.PERSONAL, "a:megan", "https://smba.example/emea/")


def in_team(team: TeamRef = SALES, channel: str | None = None) -> Place:
    """A team's conversation, or a thread of one of its channels."""
    conversation = f"{channel};messageid=1" if channel else team.id
    return Place(Scope.TEAM, conversation, "https://smba.example/emea/", team, channel)


IN_GROUP = Place(Scope.GROUP, "19:group@thread.v2", "https://smba.example/emea/")


def heard(
    what: What = AppInstalled(),  # noqa: B008
    place: Place = PERSONAL,
    activity_id: str = "act1",
    sender: str | None = MEGAN,
) -> Heard:
    """Something that was heard from Megan, in her own chat."""
    return Heard(TENANT, activity_id, NOW, place, Account("29:x", sender), what, "de-DE")


def standing(
    state: State,
    code: str | None = None,
    *,
    purpose: str = Purpose.WELCOME,
    occasion: str = "employment:1",
    sent_at: datetime | None = None,
    row: int = 7,
) -> Standing:
    """What the ledger holds of a welcome."""
    return Standing(row, state, code, purpose, occasion, sent_at)


@dataclass(frozen=True, slots=True)
class Row:
    """A draft that took its key, and where it stands."""

    draft: Draft
    standing: Standing

    @property
    def is_welcome(self) -> bool:
        return self.standing.purpose == Purpose.WELCOME


@dataclass(slots=True)
class Ledger:
    """Rows in the order in which they were owed; a free key takes a draft, a taken one does not."""

    rows: list[Row] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def standings(self) -> list[Standing]:
        """Everything on record."""
        return [row.standing for row in self.rows]

    def carry_out(self, intents: Iterable[decide.Intent]) -> None:
        """Keep what was decided, in order."""
        for intent in intents:
            match intent:
                case decide.Owe(draft, gives_way):
                    if gives_way is not None:
                        self._give_way(gives_way)
                    self._owe(draft)
                case decide.Release(delivery_id):
                    self._move(delivery_id, State.QUEUED, None)

    def settle(self, state: State, code: str | None = None) -> None:
        """Every queued row ends like this."""
        for row in list(self.rows):
            if row.standing.state is State.QUEUED:
                self._move(row.standing.id, state, code)
                if state is State.SENT:
                    self.sent.append(row.standing.purpose)

    def _owe(self, draft: Draft) -> None:
        taken = {(r.standing.purpose, r.standing.occasion) for r in self.rows}
        if (draft.key.purpose, draft.key.occasion) in taken:
            return
        code = draft.verdict.code if draft.verdict else None
        key = draft.key
        kept = Standing(len(self.rows) + 1, draft.state, code, key.purpose, key.occasion, None)
        self.rows.append(Row(draft, kept))

    def _give_way(self, delivery_id: int) -> None:
        row = self.rows[delivery_id - 1]
        if row.standing.state in (State.FAILED, State.SKIPPED, State.CANCELLED):
            away = f"{row.standing.occasion}:gave way:{delivery_id}"
            self.rows[delivery_id - 1] = replace(row, standing=replace(row.standing, occasion=away))

    def _move(self, delivery_id: int, state: State, code: str | None) -> None:
        row = self.rows[delivery_id - 1]
        sent_at = NOW if state is State.SENT else row.standing.sent_at
        moved = replace(row.standing, state=state, code=code, sent_at=sent_at)
        self.rows[delivery_id - 1] = replace(row, standing=moved)


def megan(**known: object) -> Person:
    """Megan, of whom nothing is known but her id."""
    return replace(Person(TENANT, MEGAN), **known)
