"""What a test or a person may turn while the simulator runs."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

DEFAULT_ROLES = (
    "User.Read.All",
    "AppCatalog.Read.All",
    "TeamsAppInstallation.ReadWriteSelfForUser.All",
    "GroupMember.Read.All",
    "TeamMember.Read.All",
)


@dataclass(slots=True)
class Settings:
    """Every switch with its default; see `change` for what values are taken."""

    events_twice: bool = False
    events_shuffled: bool = False
    event_delay_s: list[float] = field(default_factory=lambda: [0.02, 0.15])
    event_timeout_s: float = 15.0
    latency_ms: list[float] = field(default_factory=lambda: [0.0, 0.0])
    enforce_limits: bool = False
    limits: dict[str, Any] = field(default_factory=dict)
    retry_after: bool = True
    graph_roles: list[str] = field(default_factory=lambda: list(DEFAULT_ROLES))
    token_lifetime_s: int = 3600
    install_event: str = "push"
    empty_pages: bool = False
    page_size: int = 100

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _pair(value: Any) -> list[float]:
    low, high = value if isinstance(value, list) else (value, value)
    pair = [float(low), float(high)]
    if not 0 <= pair[0] <= pair[1]:
        raise ValueError("must be a number or [least, most], not negative")
    return pair


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return list(value)


def _positive(value: Any) -> float:
    number = float(value)
    if number <= 0:
        raise ValueError("must be more than 0")
    return number


def _install_event(value: Any) -> str:
    if value not in ("push", "withhold"):
        raise ValueError('must be "push" or "withhold"')
    return str(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "events_twice": _boolean,
    "events_shuffled": _boolean,
    "event_delay_s": _pair,
    "event_timeout_s": _positive,
    "latency_ms": _pair,
    "enforce_limits": _boolean,
    "limits": dict,
    "retry_after": _boolean,
    "graph_roles": _texts,
    "token_lifetime_s": lambda value: int(_positive(value)),
    "install_event": _install_event,
    "empty_pages": _boolean,
    "page_size": lambda value: int(_positive(value)),
}


def change(settings: Settings, wanted: dict[str, Any]) -> None:
    """Take over the named settings, all or none; raises ValueError that names the bad one."""
    known = {item.name for item in fields(Settings)}
    read: dict[str, Any] = {}
    for name, value in wanted.items():
        if name not in known:
            raise ValueError(f"no setting is called {name!r}; there are {', '.join(sorted(known))}")
        try:
            read[name] = _READERS[name](value)
        except (TypeError, ValueError) as problem:
            raise ValueError(f"{name}: {problem}") from None
    for name, value in read.items():
        setattr(settings, name, value)
