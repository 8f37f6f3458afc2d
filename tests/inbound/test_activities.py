"""Every shape of activity becomes the right fact."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.domain.facts import (
    Account,
    AppInstalled,
    AppRemoved,
    CardPressed,
    ChannelDeleted,
    ChannelNamed,
    Heard,
    MembersJoined,
    MembersLeft,
    MessageWritten,
    OtherActivity,
    Place,
    Scope,
    TeamClosed,
    TeamRef,
    TeamRenamed,
    TeamReopened,
    What,
)
from onboarding.inbound.activities import Bot, Unreadable, facts, read, tenant_of

TENANT = "6513270e-269e-4d37-a2a7-4de452e6b438"
BOT = Bot("28:d23f0824-128b-4f33-ac5c-7fd0a6a3a450")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANNA = "f2ee4e45-19f9-419c-a95f-d7b326b94c7f"
BEN = "0a1b2c3d-19f9-419c-a95f-d7b326b94c7f"
GROUP = "776200b5-7745-40ca-a6f4-251e491961a1"
URL = "https://smba.trafficmanager.net/emea/"
TEAM = {"id": "19:gen@thread.tacv2", "name": "Design", "aadGroupId": GROUP}

anna = {"id": "29:anna", "aadObjectId": ANNA}
ben = {"id": "29:ben", "aadObjectId": BEN}
bot = {"id": BOT.id, "name": "Onboarding"}


def activity(kind: str, **more: Any) -> dict[str, Any]:
    """An activity in a personal chat."""
    return {
        "type": kind,
        "id": "f:1",
        "timestamp": "2026-11-23T08:59:58.1234567Z",
        "channelId": "msteams",
        "serviceUrl": URL,
        "from": anna,
        "recipient": bot,
        "conversation": {"conversationType": "personal", "id": "a:1", "tenantId": TENANT},
        "channelData": {"tenant": {"id": TENANT}},
        **more,
    }


def in_team(kind: str, event: str | None = None, data: Any = None, **more: Any) -> dict[str, Any]:
    """An activity in a team's channel."""
    said = {"tenant": {"id": TENANT}, "team": TEAM, **(data or {})}
    if event:
        said["eventType"] = event
    conversation = {
        "isGroup": True,
        "conversationType": "channel",
        "id": "19:gen@thread.tacv2",
        "tenantId": TENANT,
    }
    return activity(kind, **{"conversation": conversation, "channelData": said, **more})


def hear(raw: dict[str, Any]) -> tuple[Heard, ...]:
    return facts(raw, TENANT, BOT, NOW)


def told(raw: dict[str, Any]) -> list[What]:
    return [heard.what for heard in hear(raw)]


selected = {"settings": {"selectedChannel": {"id": "19:sel@thread.tacv2"}}}
renamed = {"channel": {"id": "19:c@thread.tacv2", "name": "Launch"}}
pressed = {"action": {"type": "Action.Execute", "verb": "step", "data": {"step": "laptop"}}}

TABLE: list[tuple[str, dict[str, Any], list[What]]] = [
    (
        "the bot is added to a team",
        in_team("conversationUpdate", "teamMemberAdded", selected, membersAdded=[bot]),
        [AppInstalled()],
    ),
    (
        "people are added to a team",
        in_team("conversationUpdate", "teamMemberAdded", membersAdded=[ben, anna]),
        [MembersJoined((Account("29:ben", BEN), Account("29:anna", ANNA)))],
    ),
    (
        "bot and people are added to a team at once",
        in_team("conversationUpdate", "teamMemberAdded", membersAdded=[ben, bot]),
        [AppInstalled(), MembersJoined((Account("29:ben", BEN),))],
    ),
    (
        "another bot is added to a team",
        in_team("conversationUpdate", "teamMemberAdded", membersAdded=[{"id": "28:other"}]),
        [OtherActivity("conversationUpdate")],
    ),
    (
        "the personal chat begins",
        activity("conversationUpdate", membersAdded=[bot, anna]),
        [AppInstalled()],
    ),
    (
        "the personal chat begins, the other way round",
        activity("conversationUpdate", membersAdded=[anna, bot]),
        [AppInstalled()],
    ),
    (
        "a group chat gets the bot",
        activity(
            "conversationUpdate",
            membersAdded=[bot],
            conversation={"conversationType": "groupChat", "isGroup": True, "id": "19:g@thread.v2"},
        ),
        [AppInstalled()],
    ),
    (
        "somebody leaves, without an Entra id",
        in_team("conversationUpdate", "teamMemberRemoved", membersRemoved=[{"id": "29:ben"}]),
        [MembersLeft((Account("29:ben"),))],
    ),
    (
        "the bot is removed from a team",
        in_team("conversationUpdate", "teamMemberRemoved", membersRemoved=[bot]),
        [AppRemoved()],
    ),
    ("a team is renamed", in_team("conversationUpdate", "teamRenamed"), [TeamRenamed("Design")]),
    (
        "a team is renamed without a name",
        in_team("conversationUpdate", "teamRenamed", {"team": {"id": "19:t"}}),
        [OtherActivity("conversationUpdate")],
    ),
    ("a team is archived", in_team("conversationUpdate", "teamArchived"), [TeamClosed()]),
    ("a team is deleted", in_team("conversationUpdate", "teamDeleted"), [TeamClosed()]),
    (
        "a team is deleted for good",
        in_team("conversationUpdate", "teamHardDeleted"),
        [TeamClosed()],
    ),
    ("a team is unarchived", in_team("conversationUpdate", "teamUnarchived"), [TeamReopened()]),
    ("a team is restored", in_team("conversationUpdate", "teamRestored"), [TeamReopened()]),
    *(
        (
            f"{event} names a channel",
            in_team("conversationUpdate", event, renamed),
            [ChannelNamed("19:c@thread.tacv2", "Launch")],
        )
        for event in ("channelCreated", "channelRenamed", "channelRestored")
    ),
    (
        "a channel is deleted",
        in_team("conversationUpdate", "channelDeleted", renamed),
        [ChannelDeleted("19:c@thread.tacv2")],
    ),
    (
        "a channel is shared, which we do not know",
        in_team("conversationUpdate", "channelShared", renamed),
        [OtherActivity("conversationUpdate")],
    ),
    (
        "an event of the future",
        in_team("conversationUpdate", "teamPainted"),
        [OtherActivity("conversationUpdate")],
    ),
    ("an install", activity("installationUpdate", action="add"), [AppInstalled()]),
    ("an upgrade", activity("installationUpdate", action="Add-Upgrade"), [AppInstalled()]),
    ("an uninstall", activity("installationUpdate", action="REMOVE"), [AppRemoved()]),
    (
        "an upgrade without the bot",
        activity("installationUpdate", action="remove-upgrade"),
        [AppRemoved()],
    ),
    (
        "an unknown action",
        activity("installationUpdate", action="polish"),
        [OtherActivity("installationUpdate")],
    ),
    (
        "no action",
        activity("installationUpdate"),
        [OtherActivity("installationUpdate")],
    ),
    (
        "a message",
        activity("message", text=" Hello\xa0there &nbsp;\r\n"),
        [MessageWritten("Hello there")],
    ),
    (
        "a message that mentions the bot and somebody else",
        in_team(
            "message",
            text="<at>Onboarding</at>&nbsp;help <at>Ben</at>",
            entities=[
                {"type": "mention", "mentioned": bot, "text": "<at>Onboarding</at>"},
                {"type": "mention", "mentioned": ben, "text": "<at>Ben</at>"},
            ],
        ),
        [MessageWritten("help <at>Ben</at>")],
    ),
    (
        "only a mention",
        in_team(
            "message",
            text="<at>Onboarding</at>",
            entities=[{"type": "mention", "mentioned": bot, "text": "<at>Onboarding</at>"}],
        ),
        [MessageWritten("")],
    ),
    (
        "a message with Teams' HTML beside it",
        activity(
            "message",
            text="hi",
            attachments=[{"contentType": "text/html", "content": "<p>hi</p>"}],
        ),
        [MessageWritten("hi")],
    ),
    (
        "Action.Submit",
        activity("message", value={"verb": "step", "step": "laptop"}, replyToId="170"),
        [CardPressed("step", {"verb": "step", "step": "laptop"}, "170", awaits_answer=False)],
    ),
    (
        "Action.Submit without a verb",
        activity("message", value={"step": "laptop"}),
        [OtherActivity("message")],
    ),
    (
        "a message whose value says nothing",
        activity("message", text="hi", value={"x": 1}),
        [MessageWritten("hi")],
    ),
    (
        "Action.Execute",
        activity("invoke", name="adaptiveCard/action", value=pressed, replyToId="170"),
        [CardPressed("step", {"step": "laptop"}, "170")],
    ),
    (
        "a refresh by Teams itself",
        activity("invoke", name="adaptiveCard/action", value={**pressed, "trigger": "automatic"}),
        [CardPressed("step", {"step": "laptop"}, None, automatic=True)],
    ),
    (
        "Action.Execute without a verb",
        activity("invoke", name="adaptiveCard/action", value={"action": {}}),
        [OtherActivity("invoke")],
    ),
    (
        "another invoke",
        activity("invoke", name="task/fetch", value={"verb": "step"}),
        [OtherActivity("invoke")],
    ),
    *(
        (f"a {kind}", activity(kind), [OtherActivity(kind)])
        for kind in (
            "messageReaction",
            "messageUpdate",
            "messageDelete",
            "typing",
            "event",
            "readReceipt",
            "endOfConversation",
            "somethingNew",
        )
    ),
    ("no type at all", activity("x", type=None), [OtherActivity("unknown")]),
]


@pytest.mark.parametrize(("raw", "what"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE])
def test_an_activity_becomes_its_facts(raw: dict[str, Any], what: list[What]) -> None:
    assert told(raw) == what


def test_a_fact_carries_who_where_and_when() -> None:
    [heard] = hear(in_team("installationUpdate", None, selected, action="add", locale="de-DE"))
    assert heard == Heard(
        tenant_id=TENANT,
        activity_id="f:1",
        at=datetime(2026, 11, 23, 8, 59, 58, 123456, tzinfo=UTC),
        place=Place(
            Scope.TEAM,
            "19:gen@thread.tacv2",
            URL,
            TeamRef("19:gen@thread.tacv2", "Design", GROUP),
            "19:sel@thread.tacv2",
        ),
        sender=Account("29:anna", ANNA),
        what=AppInstalled(),
        locale="de-DE",
        time_zone=None,
    )


def test_a_thread_is_the_place_and_its_channel_is_known() -> None:
    thread = {"conversationType": "channel", "id": "19:c@thread.tacv2;messageid=17"}
    [heard] = hear(in_team("message", text="hi", conversation=thread))
    assert heard.place.conversation_id == "19:c@thread.tacv2;messageid=17"
    assert heard.place.channel_id == "19:c@thread.tacv2"


@pytest.mark.parametrize(
    ("conversation", "data", "scope"),
    [
        ({"conversationType": "personal"}, {}, Scope.PERSONAL),
        ({"conversationType": "PERSONAL"}, {}, Scope.PERSONAL),
        ({"conversationType": "groupchat"}, {}, Scope.GROUP),
        ({"conversationType": "channel"}, {}, Scope.TEAM),
        ({}, {"team": TEAM}, Scope.TEAM),
        ({"isGroup": True}, {}, Scope.GROUP),
        ({}, {}, Scope.PERSONAL),
        ({"conversationType": "meeting", "isGroup": True}, {}, Scope.GROUP),
    ],
)
def test_the_scope_is_what_the_conversation_says(
    conversation: dict[str, Any], data: dict[str, Any], scope: Scope
) -> None:
    raw = activity("typing", conversation={"id": "19:x@unq", **conversation}, channelData=data)
    assert hear(raw)[0].place.scope is scope


@pytest.mark.parametrize(
    ("locale", "info", "known", "zone"),
    [
        ("de-DE", {"timezone": "Europe/Berlin"}, "de-DE", "Europe/Berlin"),
        (None, {"locale": "ja_JP", "timezone": "Asia/Tokyo"}, "ja-JP", "Asia/Tokyo"),
        ("", {"locale": 7, "timezone": "../../etc/passwd"}, None, None),
        ("<script>", {"timezone": ["UTC"]}, None, None),
        ("zh-Hant-TW", {}, "zh-Hant-TW", None),
    ],
)
def test_language_and_time_zone_are_taken_only_when_they_are_some(
    locale: object, info: dict[str, Any], known: str | None, zone: str | None
) -> None:
    [heard] = hear(activity("typing", locale=locale, entities=[{"type": "clientInfo", **info}]))
    assert (heard.locale, heard.time_zone) == (known, zone)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-11-23T08:00:00Z", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("2026-11-23T09:00:00+02:00", datetime(2026, 11, 23, 7, tzinfo=UTC)),
        ("2026-11-23T08:00:00", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("2999-01-01T00:00:00Z", NOW),
        ("9999-12-31T23:59:59-23:59", NOW),
        ("0001-01-01T00:00:00+23:59", NOW),
        ("yesterday", NOW),
        (1e308, NOW),
        (None, NOW),
        ({}, NOW),
    ],
)
def test_the_time_is_the_activitys_own_when_it_is_one(said: object, moment: datetime) -> None:
    assert hear(activity("typing", timestamp=said))[0].at == moment


@pytest.mark.parametrize("missing", [None, "", 7, [], "x" * 5000])
def test_an_activity_without_an_id_gets_the_hash_of_its_content(missing: object) -> None:
    first, again = hear(activity("typing", id=missing)), hear(activity("typing", id=missing))
    other = hear(activity("typing", id=missing, locale="de"))
    assert first[0].activity_id == again[0].activity_id
    assert first[0].activity_id.startswith("sha256:")
    assert first[0].activity_id != other[0].activity_id


def test_two_facts_of_one_activity_have_ids_of_their_own() -> None:
    both = hear(in_team("conversationUpdate", membersAdded=[ben, bot]))
    assert [heard.activity_id for heard in both] == ["f:1", "f:1;2"]


ODD = [
    {"membersAdded": [None, 7, "29:x", {}, {"id": None}, {"id": 5, "aadObjectId": []}]},
    {"membersAdded": {"id": "29:x"}},
    {"membersAdded": None, "membersRemoved": "all"},
    {"from": None, "recipient": [], "entities": {"type": "clientInfo"}},
    {"channelData": "text"},
    {"channelData": {"team": [], "eventType": {"a": 1}, "settings": {"selectedChannel": 3}}},
    {"from": {"aadObjectId": "not-a-guid", "id": 10**400}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("kind", ["conversationUpdate", "message", "installationUpdate", "invoke"])
def test_odd_fields_are_calmly_left_out(kind: str, odd: dict[str, Any]) -> None:
    [heard] = hear(in_team(kind, **odd))
    assert isinstance(heard.what, OtherActivity | MessageWritten)


@pytest.mark.parametrize("conversation", [None, {}, {"id": ""}, {"id": 7}, [], "a:1"])
def test_without_a_conversation_there_is_no_fact(conversation: object) -> None:
    assert hear(activity("message", conversation=conversation)) == ()


def test_the_tenant_must_be_stated_without_contradiction() -> None:
    assert tenant_of(activity("message")) == TENANT
    assert tenant_of({"channelData": {"tenant": {"id": TENANT.upper()}}}) == TENANT
    assert tenant_of(activity("message", channelData={"tenant": {"id": "other"}})) is None
    assert tenant_of({}) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"null",
        b"{",
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
)
def test_a_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_what_no_database_can_keep_is_left_out() -> None:
    raw = read(rb'{"text": "a\u0000b\ud800c \ud83d\ude00", "\u0000": ["\udfff"]}')
    assert raw == {"text": "abc \U0001f600", "": [""]}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
fields = st.sampled_from(
    [
        "id",
        "timestamp",
        "from",
        "recipient",
        "entities",
        "membersAdded",
        "membersRemoved",
        "channelData",
        "value",
        "text",
        "locale",
        "action",
        "name",
        "replyToId",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["message", "invoke", "conversationUpdate", "installationUpdate", "event"]),
    st.dictionaries(fields, json_values),
)
def test_no_shape_of_activity_is_ever_an_error(kind: str, odd: dict[str, Any]) -> None:
    raw = read(json.dumps({**activity(kind), **odd}).encode())
    for heard in hear(raw):
        assert heard.activity_id
        json.dumps(str(heard)).encode()
