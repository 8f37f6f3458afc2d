"""Why something did not happen, in one word; and what that says about a chat."""

from enum import StrEnum


class Code(StrEnum):
    """Why something did not happen; the rest of the product switches on these."""

    ACTIVITY_NOT_FOUND = "activity_not_found"
    ALREADY_INSTALLED = "already_installed"
    ANSWER_LOST = "answer_lost"
    APP_NOT_OURS = "app_not_ours"
    BAD_CREDENTIALS = "bad_credentials"
    BAD_PAYLOAD = "bad_payload"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    BLOCKED_BY_USER = "blocked_by_user"
    BOT_DISABLED = "bot_disabled"
    BOT_NOT_REGISTERED = "bot_not_registered"
    BUSY = "busy"
    CONVERSATION_NOT_FOUND = "conversation_not_found"
    FORBIDDEN = "forbidden"
    FOREIGN_NEXT_LINK = "foreign_next_link"
    FOREIGN_SERVICE_URL = "foreign_service_url"
    GUEST = "guest"
    MISSING_PERMISSION = "missing_permission"
    NOT_INSTALLED = "not_installed"
    NO_LICENCE = "no_licence"
    SERVICE_ERROR = "service_error"
    THROTTLED = "throttled"
    TOO_BIG = "too_big"
    UNAVAILABLE = "unavailable"
    UNEXPECTED_ANSWER = "unexpected_answer"
    UNKNOWN_APP = "unknown_app"
    UNKNOWN_PERSON = "unknown_person"
    UNREACHABLE = "unreachable"
    WRONG_CLOUD = "wrong_cloud"


class ChatAfter(StrEnum):
    """What an answer says about the chat that it was about."""

    KEEP = "keep"
    FORGET = "forget"
    UNINSTALLED = "uninstalled"
    BLOCKED = "blocked"


_CHAT_AFTER = {
    Code.CONVERSATION_NOT_FOUND: ChatAfter.FORGET,
    Code.NOT_INSTALLED: ChatAfter.UNINSTALLED,
    Code.BLOCKED_BY_USER: ChatAfter.BLOCKED,
    Code.BOT_DISABLED: ChatAfter.BLOCKED,
}


def chat_after(code: str) -> ChatAfter:
    """What to do with the remembered chat when a call into it was refused with this code."""
    return _CHAT_AFTER.get(Code(code), ChatAfter.KEEP) if code in set(Code) else ChatAfter.KEEP
