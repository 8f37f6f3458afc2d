"""A status becomes Retry, Refused or Unsure: the whole table, without a network."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from onboarding.domain.deliveries import BLOCKED_BY_USER, GUEST, NO_LICENCE, Verdict
from onboarding.errors import ChatAfter, Leaves, OnboardingError, Refused, Retry, Unsure
from onboarding.outbound.answers import (
    Code,
    connector_error,
    graph_error,
    matching,
    retry_after,
)
from onboarding.outbound.error_table import CONNECTOR, GRAPH, OURS

HTML = b"<!DOCTYPE html><html><body><h2>Our services aren't available right now</h2></body></html>"


def error(code: str, message: str = "It did not work.") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def muted(code: str = "MessageWritesBlocked") -> bytes:
    inner = json.dumps({"subCode": code, "details": "Thread is blocked from message writes."})
    return json.dumps({"errorCode": 209, "message": inner}).encode()


KEEP, FORGET, UNINSTALLED, BLOCKED = ChatAfter
FAILED, SKIPPED, GONE, WAITS, STOPS = Leaves

CONNECTOR_REFUSES = [
    (400, error("BadArgument"), Code.BAD_PAYLOAD, KEEP, FAILED),
    (400, b"", Code.BAD_PAYLOAD, KEEP, FAILED),
    (
        400,
        error("BadSyntax", "Failed to decrypt conversation ID"),
        Code.CONVERSATION_NOT_FOUND,
        FORGET,
        FAILED,
    ),
    (401, error("BotNotRegistered"), Code.BOT_NOT_REGISTERED, KEEP, STOPS),
    (401, b'{"message":"Authorization has been denied."}', Code.BAD_CREDENTIALS, KEEP, STOPS),
    (401, HTML, Code.BAD_CREDENTIALS, KEEP, STOPS),
    (403, error("BotDisabledByAdmin"), Code.BOT_DISABLED, KEEP, STOPS),
    (403, error("BotNotInConversationRoster"), Code.NOT_INSTALLED, UNINSTALLED, FAILED),
    (403, error("ForbiddenOperationException"), Code.NOT_INSTALLED, UNINSTALLED, FAILED),
    (403, error("ConversationBlockedByUser"), Code.BLOCKED_BY_USER, BLOCKED, FAILED),
    (403, error("InvalidBotApiHost"), Code.WRONG_CLOUD, KEEP, STOPS),
    (403, error("NotEnoughPermissions"), Code.MISSING_PERMISSION, KEEP, FAILED),
    (403, muted(), Code.BLOCKED_BY_USER, BLOCKED, FAILED),
    (403, error("MessageWritesBlocked"), Code.BLOCKED_BY_USER, BLOCKED, FAILED),
    (403, b'{"errorCode":209,"message":"no details"}', Code.BLOCKED_BY_USER, BLOCKED, FAILED),
    (403, b'{"errorCode":209}', Code.BLOCKED_BY_USER, BLOCKED, FAILED),
    (403, muted("BotNotInConversationRoster"), Code.NOT_INSTALLED, UNINSTALLED, FAILED),
    (403, b"Error: ConversationBlockedByUser", Code.BLOCKED_BY_USER, BLOCKED, FAILED),
    (403, HTML, Code.FORBIDDEN, KEEP, FAILED),
    (403, b'{"message":"{\\"details\\":\\"No.\\"}"}', Code.FORBIDDEN, KEEP, FAILED),
    (404, error("ActivityNotFoundInConversation"), Code.ACTIVITY_NOT_FOUND, KEEP, FAILED),
    (404, error("ConversationNotFound"), Code.CONVERSATION_NOT_FOUND, FORGET, FAILED),
    (404, error("MemberNotFoundInConversation"), Code.UNKNOWN_PERSON, KEEP, GONE),
    (404, HTML, Code.CONVERSATION_NOT_FOUND, FORGET, FAILED),
    (413, error("MessageSizeTooBig"), Code.TOO_BIG, KEEP, FAILED),
    (500, error("ServiceError"), Code.SERVICE_ERROR, KEEP, FAILED),
    (505, HTML, Code.SERVICE_ERROR, KEEP, FAILED),
    (302, b"", Code.UNEXPECTED_ANSWER, KEEP, FAILED),
    (418, HTML, Code.UNEXPECTED_ANSWER, KEEP, FAILED),
]

GRAPH_REFUSES = [
    (400, error("BadRequest"), Code.BAD_PAYLOAD, FAILED),
    (401, error("InvalidAuthenticationToken"), Code.BAD_CREDENTIALS, STOPS),
    (
        403,
        error("Forbidden", "App is blocked by app permission policy for the user"),
        Code.BLOCKED_BY_POLICY,
        FAILED,
    ),
    (
        403,
        error("Forbidden", "Failed to get license information for the user. Ensure user has"),
        Code.NO_LICENCE,
        SKIPPED,
    ),
    (
        403,
        error("Forbidden", "AAD App Id 'x' is not allowed to manage the Teams App 'y'"),
        Code.APP_NOT_OURS,
        WAITS,
    ),
    (
        403,
        error("Forbidden", "Missing scope permissions on the request. API requires one of 'x'"),
        Code.MISSING_PERMISSION,
        WAITS,
    ),
    (403, error("Authorization_RequestDenied"), Code.MISSING_PERMISSION, WAITS),
    (403, error("Forbidden", "Guest users cannot install apps"), Code.GUEST, SKIPPED),
    (403, HTML, Code.FORBIDDEN, FAILED),
    (404, error("NotFound", "No app with this id in the catalog"), Code.UNKNOWN_APP, WAITS),
    (404, error("Request_ResourceNotFound", "Not there"), Code.UNKNOWN_PERSON, GONE),
    (409, error("Conflict"), Code.ALREADY_INSTALLED, FAILED),
    (418, HTML, Code.UNEXPECTED_ANSWER, FAILED),
]

COMES_BACK = [
    (408, Code.ANSWER_LOST, False),
    (412, Code.BUSY, False),
    (423, Code.BUSY, False),
    (429, Code.THROTTLED, True),
    (502, Code.UNAVAILABLE, False),
    (503, Code.UNAVAILABLE, False),
    (504, Code.ANSWER_LOST, False),
]


@pytest.mark.parametrize(("status", "body", "code", "chat", "leaves"), CONNECTOR_REFUSES)
def test_a_refusal_of_the_connector_has_a_code_a_reason_and_a_remedy(
    status: int, body: bytes, code: Code, chat: ChatAfter, leaves: Leaves
) -> None:
    refused = connector_error(status, {}, body)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status, refused.chat) == (code, status, chat)
    assert refused.leaves == leaves
    assert refused.reason.endswith((".", "work.")) or "It said" in refused.reason
    assert refused.remedy.endswith(".")


@pytest.mark.parametrize(("status", "body", "code", "leaves"), GRAPH_REFUSES)
def test_a_refusal_of_graph_has_a_code_and_says_nothing_about_a_chat(
    status: int, body: bytes, code: Code, leaves: Leaves
) -> None:
    refused = graph_error(status, {}, body)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status, refused.leaves) == (code, status, leaves)
    assert refused.chat is KEEP
    assert refused.remedy.endswith((".", ")."))


@pytest.mark.parametrize(("status", "code", "slows_lane"), COMES_BACK)
def test_only_a_throttled_answer_slows_everybody(status: int, code: Code, slows_lane: bool) -> None:
    for later in (
        graph_error(status, {}, HTML),
        connector_error(status, {}, HTML, once=False),
    ):
        assert isinstance(later, Retry)
        assert (later.code, later.slows_lane) == (code, slows_lane)


def test_each_row_of_the_table_is_met_by_these_answers() -> None:
    later = [(status, HTML) for status, _, _ in COMES_BACK]
    connector = [(status, body) for status, body, *_ in CONNECTOR_REFUSES]
    graph = [(status, body) for status, body, *_ in GRAPH_REFUSES]
    assert {matching(CONNECTOR, *answer) for answer in connector + later} == set(CONNECTOR)
    assert {matching(GRAPH, *answer) for answer in graph + later} == set(GRAPH)


def test_every_status_has_a_row_and_every_code_is_in_the_table() -> None:
    for status in range(100, 1000):
        for made in (connector_error(status, {}, b""), graph_error(status, {}, b"")):
            assert isinstance(made, OnboardingError)
    assert {row.code for row in (*CONNECTOR, *GRAPH, *OURS)} == set(Code)


@pytest.mark.parametrize("verdict", [GUEST, NO_LICENCE, BLOCKED_BY_USER], ids=lambda v: v.code)
def test_the_table_speaks_as_the_ledger_does(verdict: Verdict) -> None:
    said = {
        (row.code, row.reason, row.remedy)
        for row in (*CONNECTOR, *GRAPH)
        if row.code == verdict.code
    }
    assert said == {(verdict.code, verdict.reason, verdict.remedy)}


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


def test_the_services_own_words_reach_hr_on_one_short_line() -> None:
    refused = connector_error(400, {}, error("BadArgument", "Card\n is  bad. " + "x" * 999))
    assert isinstance(refused, Refused)
    assert "It said: Card is bad." in refused.reason
    assert len(refused.reason) < 300


def test_a_body_that_nests_without_end_is_still_classified() -> None:
    assert isinstance(connector_error(429, {}, b"[" * 50_000), Retry)
    assert isinstance(connector_error(403, {}, b'{"a":' * 50_000), Refused)
