"""An error says what to do next.

OnboardingError
├── BadInput   somebody gave us something unusable: say what and how to mend it
├── Retry      not now: the same call may succeed after `after` seconds
├── Refused    never as it is: `remedy` names who must change what
└── Unsure     the answer was lost: it may or may not have happened
"""

from enum import StrEnum


class ChatAfter(StrEnum):
    """What a refusal says about the remembered chat that it was about."""

    KEEP = "keep"
    FORGET = "forget"
    UNINSTALLED = "uninstalled"
    BLOCKED = "blocked"


class Leaves(StrEnum):
    """Where a refusal leaves the delivery that it met; `STOPS` says that it concerns everybody."""

    FAILED = "failed"
    SKIPPED = "skipped"
    GONE = "gone"
    WAITS = "waits"
    STOPS = "stops"


class OnboardingError(Exception):
    """The root of every error that this project raises on purpose."""


class BadInput(OnboardingError):
    """Something from outside is unusable. `problem` says what, `remedy` says what to do."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy


class Retry(OnboardingError):
    """The service asks to come back. `after` is seconds, or None when it did not say;
    `slows_lane` says that everybody who uses the same budget must slow down."""

    def __init__(
        self, code: str, reason: str, after: float | None = None, *, slows_lane: bool = False
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.after = after
        self.slows_lane = slows_lane


class Refused(OnboardingError):
    """The service will not do this however often it is asked; `remedy` says what would help.

    `chat` is what that says about the chat, `leaves` where it leaves a delivery.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        remedy: str,
        status: int | None = None,
        *,
        chat: ChatAfter = ChatAfter.KEEP,
        leaves: Leaves = Leaves.FAILED,
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.status = status
        self.chat = chat
        self.leaves = leaves


class Unsure(OnboardingError):
    """The call may have been carried out, but its answer never reached us."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
