"""What the bot says: one Adaptive Card, never text beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A card (Adaptive Card 1.5 as JSON values), its notification text, and Teams' importance
    (`high`, `urgent` or None)."""

    card: Mapping[str, Any]
    summary: str
    importance: str | None = None


def activity(message: Message) -> dict[str, Any]:
    """The Bot Framework activity that carries the message.

    It has no `text`: Teams would split it into two messages and give no id
    (learn.microsoft.com/microsoftteams/platform, conversation-messages).
    """
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": message.card}
    said: dict[str, Any] = {
        "type": "message",
        "summary": message.summary,
        "attachments": [content],
    }
    if message.importance:
        said["importance"] = message.importance
    return said
