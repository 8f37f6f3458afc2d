"""A status becomes Retry, Refused or Unsure: the whole table, without a network."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from onboarding.errors import Refused, Retry, Unsure
from onboarding.outbound.answers import (
    ChatAfter,
    Code,
    chat_after,
    connector_error,
    graph_error,
    retry_after,
)

HTML = b"<!DOCTYPE html><html><body><h2>Our services aren't available right now</h2></body></html>"


def error(code: str, message: str = "It did not work.") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def muted(code: str = "MessageWritesBlocked") -> bytes:
    inner = json.dumps({"subCode": code, "details": "Thread is blocked from message writes."})
    return json.dumps({"errorCode": 209, "message": inner}).encode()


CONNECTOR = [
    (400, error("BadArgument"), Code.BAD_PAYLOAD, ChatAfter.KEEP),
    (400, b"", Code.BAD_PAYLOAD, ChatAfter.KEEP),
    (
        400,
        error("BadSyntax", "Failed to decrypt conversation ID"),
        Code.CONVERSATION_NOT_FOUND,
        ChatAfter.FORGET,
    ),
    (401, error("BotNotRegistered"), Code.BOT_NOT_REGISTERED, ChatAfter.KEEP),
    (401, b'{"message":"Authorization has been denied."}', Code.BAD_CREDENTIALS, ChatAfter.KEEP),
    (403, error("BotDisabledByAdmin"), Code.BOT_DISABLED, ChatAfter.BLOCKED),
    (403, error("BotNotInConversationRoster"), Code.NOT_INSTALLED, ChatAfter.UNINSTALLED),
    (403, error("ForbiddenOperationException"), Code.NOT_INSTALLED, ChatAfter.UNINSTALLED),
    (403, error("ConversationBlockedByUser"), Code.BLOCKED_BY_USER, ChatAfter.BLOCKED),
    (403, error("InvalidBotApiHost"), Code.WRONG_CLOUD, ChatAfter.KEEP),
    (403, error("NotEnoughPermissions"), Code.MISSING_PERMISSION, ChatAfter.KEEP),
    (403, muted(), Code.BLOCKED_BY_USER, ChatAfter.BLOCKED),
    (403, b'{"errorCode":209,"message":"no details"}', Code.BLOCKED_BY_USER, ChatAfter.BLOCKED),
    (403, muted("BotNotInConversationRoster"), Code.NOT_INSTALLED, ChatAfter.UNINSTALLED),
    (403, b"Error: ConversationBlockedByUser", Code.BLOCKED_BY_USER, ChatAfter.BLOCKED),
    (403, HTML, Code.FORBIDDEN, ChatAfter.KEEP),
    (404, error("ActivityNotFoundInConversation"), Code.ACTIVITY_NOT_FOUND, ChatAfter.KEEP),
    (404, error("ConversationNotFound"), Code.CONVERSATION_NOT_FOUND, ChatAfter.FORGET),
    (404, error("MemberNotFoundInConversation"), Code.UNKNOWN_PERSON, ChatAfter.KEEP),
    (404, HTML, Code.CONVERSATION_NOT_FOUND, ChatAfter.FORGET),
    (413, error("MessageSizeTooBig"), Code.TOO_BIG, ChatAfter.KEEP),
    (500, error("ServiceError"), Code.SERVICE_ERROR, ChatAfter.KEEP),
    (505, HTML, Code.SERVICE_ERROR, ChatAfter.KEEP),
    (302, b"", Code.UNEXPECTED_ANSWER, ChatAfter.KEEP),
    (418, HTML, Code.UNEXPECTED_ANSWER, ChatAfter.KEEP),
]


@pytest.mark.parametrize(("status", "body", "code", "chat"), CONNECTOR)
def test_a_refusal_of_the_connector_has_a_code_a_reason_and_a_remedy(
    status: int, body: bytes, code: Code, chat: ChatAfter
) -> None:
    refused = connector_error(status, {}, body)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status, chat_after(refused.code)) == (code, status, chat)
    assert refused.reason.endswith((".", "work.")) or "It said" in refused.reason
    assert refused.remedy.endswith(".")


GRAPH = [
    (400, error("BadRequest"), Code.BAD_PAYLOAD),
    (401, error("InvalidAuthenticationToken"), Code.BAD_CREDENTIALS),
    (
        403,
        error("Forbidden", "App is blocked by app permission policy for the user"),
        Code.BLOCKED_BY_POLICY,
    ),
    (
        403,
        error("Forbidden", "Failed to get license information for the user. Ensure user has"),
        Code.NO_LICENCE,
    ),
    (
        403,
        error("Forbidden", "AAD App Id 'x' is not allowed to manage the Teams App 'y'"),
        Code.APP_NOT_OURS,
    ),
    (
        403,
        error("Forbidden", "Missing scope permissions on the request. API requires one of 'x'"),
        Code.MISSING_PERMISSION,
    ),
    (403, error("Authorization_RequestDenied"), Code.MISSING_PERMISSION),
    (403, error("Forbidden", "Guest users cannot install apps"), Code.GUEST),
    (403, HTML, Code.FORBIDDEN),
    (404, error("NotFound", "No app with this id in the catalog"), Code.UNKNOWN_APP),
    (404, error("Request_ResourceNotFound", "Resource does not exist"), Code.UNKNOWN_PERSON),
    (409, error("Conflict"), Code.ALREADY_INSTALLED),
]


@pytest.mark.parametrize(("status", "body", "code"), GRAPH)
def test_a_refusal_of_graph_has_a_code(status: int, body: bytes, code: Code) -> None:
    refused = graph_error(status, {}, body)
    assert isinstance(refused, Refused)
    assert refused.code == code


@pytest.mark.parametrize("status", [412, 429, 502, 503])
@pytest.mark.parametrize("body", [HTML, b"", error("ServiceError"), b"\xff\xfe\x00"])
def test_what_the_service_asks_to_repeat_is_retried(status: int, body: bytes) -> None:
    later = connector_error(status, {"Retry-After": "7"}, body)
    assert isinstance(later, Retry)
    assert later.after == 7


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_graph_and_other_repeatable_calls_retry_every_server_error(status: int) -> None:
    assert isinstance(graph_error(status, {}, HTML), Retry)
    assert isinstance(connector_error(status, {}, HTML, once=False), Retry)


def test_a_message_whose_answer_a_gateway_lost_is_unsure() -> None:
    assert isinstance(connector_error(504, {}, HTML), Unsure)
    assert isinstance(connector_error(408, {}, b""), Unsure)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0),
        ("2.5", 2.5),
        ("-3", 0),
        ("1e9", 3600),
        ("nan", None),
        ("soon", None),
        ("", None),
        (format_datetime(datetime(2026, 11, 23, 9, 0, 30, tzinfo=UTC), usegmt=True), 30),
        (format_datetime(datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC), usegmt=True), 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()
    assert retry_after({"Retry-After": said}, now) == seconds


def test_a_retry_date_is_measured_by_the_services_own_clock() -> None:
    headers = {
        "Date": "Mon, 23 Nov 2026 09:00:00 GMT",
        "Retry-After": "Mon, 23 Nov 2026 09:00:12 GMT",
    }
    assert retry_after(headers) == 12


def test_an_unknown_code_says_nothing_about_the_chat() -> None:
    assert chat_after("opted_out") is ChatAfter.KEEP


def test_the_services_own_words_reach_hr_on_one_short_line() -> None:
    refused = connector_error(400, {}, error("BadArgument", "Card\n is  bad. " + "x" * 999))
    assert isinstance(refused, Refused)
    assert "It said: Card is bad." in refused.reason
    assert len(refused.reason) < 300


def test_a_body_that_nests_without_end_is_still_classified() -> None:
    assert isinstance(connector_error(429, {}, b"[" * 50_000), Retry)
    assert isinstance(connector_error(403, {}, b'{"a":' * 50_000), Refused)
