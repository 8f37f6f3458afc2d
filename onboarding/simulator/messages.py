"""What Teams demands of a message that a bot sends (size, one card, schema version)."""

import json
from typing import Any

from onboarding.simulator.call import Json, Refusal

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
MOST_BYTES = 100 * 1024
_SILENT = ("typing", "trace", "event")


def check(activity: Json) -> list[str]:
    """Judge an activity; names the rules that were broken. Raises nothing: see `refusal`."""
    text, attachments = activity.get("text"), activity.get("attachments") or []
    broken = []
    if text and attachments:
        broken.append("text-and-attachment")
    if not text and not attachments:
        broken.append("empty-message")
    if len(attachments) > 1:
        broken.append("more-than-one-attachment")
    for attachment in attachments:
        broken.extend(_check_card(attachment))
    return broken


def _check_card(attachment: Any) -> list[str]:
    if not isinstance(attachment, dict) or attachment.get("contentType") != CARD_TYPE:
        return ["not-an-adaptive-card"]
    card = attachment.get("content")
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        return ["card-content-is-no-card"]
    version = _version(card.get("version"))
    if version is None:
        return ["card-without-version"]
    return ["card-version-over-1.5"] if version > (1, 5) else []


def _version(text: Any) -> tuple[int, ...] | None:
    try:
        return tuple(int(part) for part in str(text).split("."))
    except ValueError:
        return None


def is_silent(activity: Json) -> bool:
    """Is it an activity that shows nothing lasting, such as typing?"""
    return activity.get("type") in _SILENT


def refuse_oversize(activity: Json, raw_length: int) -> None:
    """100 KB counted in UTF-16; raises Refusal 413 (Teams: 'Format your bot messages')."""
    if raw_length * 2 <= MOST_BYTES:
        return
    size = len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))
    if size > MOST_BYTES:
        raise Refusal(413, "MessageSizeTooBig", "Message size too large.")


def refuse_malformed(activity: Json) -> None:
    """Raises Refusal 400 for what Teams would split, drop or not show."""
    if activity.get("type") != "message":
        raise Refusal(400, "BadArgument", f"Unknown activity type '{activity.get('type')}'.")
    broken = check(activity)
    if broken:
        raise Refusal(400, "BadArgument", f"Bad argument: {', '.join(broken)}.")
