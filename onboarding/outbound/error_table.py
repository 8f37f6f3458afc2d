"""The error table: what every refusal of Teams and Graph means, and what we do about it.

`CONNECTOR` follows learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations
(conversation-messages, "Status codes from bot conversational APIs"), `GRAPH` follows
learn.microsoft.com/graph/errors and .../graph/api/userteamwork-post-installedapps; `OURS` is what
never had an answer. `answers` matches a response against it, `work` does what a row says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from onboarding.domain.deliveries import BLOCKED_BY_USER, GUEST, NO_LICENCE
from onboarding.errors import ChatAfter, Leaves
from onboarding.outbound.codes import Code


class Becomes(StrEnum):
    """What an answer is for whoever called."""

    REFUSED = "refused"
    LATER = "later"
    SLOWER = "later, and all who share the rate limit slow down"
    LOST = "unsure if the call must not be repeated, else later"
    BROKEN = "refused if the call must not be repeated, else later"


@dataclass(frozen=True, slots=True)
class Row:
    """A refusal, known by its status and by any of some words (lower case; none fits all).

    HR reads `reason` (with the service's own sentence after it where `quotes`), and whoever can
    mend it `remedy`. `chat` and `leaves` count where it becomes Refused.
    """

    code: Code
    reason: str
    remedy: str
    statuses: Sequence[int] = ()
    words: tuple[str, ...] = ()
    becomes: Becomes = Becomes.REFUSED
    chat: ChatAfter = ChatAfter.KEEP
    leaves: Leaves = Leaves.FAILED
    quotes: bool = False

    def fits(self, status: int, said: str) -> bool:
        """Whether an answer with this status, whose body says this in lower case, is meant."""
        return status in self.statuses and (
            not self.words or any(word in said for word in self.words)
        )


_SERVER_ERRORS = range(500, 600)
_ANY = range(1000)

_BY_ITSELF = "Nothing to do: it is tried again by itself."
_NOT_INSTALLED = (
    "The app is not installed for this person or in this conversation.",
    "Install the app there; the message follows by itself.",
)
_BLOCKED = (BLOCKED_BY_USER.reason, BLOCKED_BY_USER.remedy)
_GONE = (
    "Teams no longer knows this conversation.",
    "Try again: the chat is opened anew.",
)
_NO_APP = (
    "The app is not in the organisation's catalogue.",
    "Upload the app package in the Teams admin centre; TEAMS_APP_ID is the manifest's id.",
)
_BAD_PAYLOAD = (
    "The service could not accept what was sent.",
    "Run `message lint` on the template, then try again.",
)
_SIGN_IN = (
    "Microsoft did not accept the bot's sign-in.",
    "Compare AZURE_CLIENT_ID, AZURE_TENANT_ID and the secret with the app registration.",
)
_NO_PERMISSION = (
    "The bot lacks a permission for this.",
    "Grant the permissions of the README's table with admin consent; `doctor` names those missing.",
)
_BUSY = ("Somebody else was changing the same conversation or resource.", _BY_ITSELF)
_THROTTLED = ("The service asks us to slow down.", _BY_ITSELF)
_UNAVAILABLE = ("The service is not available for the moment.", _BY_ITSELF)
_LOST = (
    "The service's answer was lost; it may or may not have acted.",
    "It may have arrived. Ask the person, or send it again.",
)
_UNDOCUMENTED = (
    "The service gave an answer that Microsoft does not document.",
    "Try it again by hand; if it stays, check for a proxy between this server and Microsoft.",
)

CONNECTOR: tuple[Row, ...] = (
    Row(
        Code.CONVERSATION_NOT_FOUND,
        *_GONE,
        statuses=(400,),
        words=("decrypt conversation id",),
        chat=ChatAfter.FORGET,
    ),
    Row(Code.BAD_PAYLOAD, *_BAD_PAYLOAD, statuses=(400,), quotes=True),
    Row(
        Code.BOT_NOT_REGISTERED,
        "Teams does not know this bot.",
        "Check the Azure Bot resource: its app id, and that its Teams channel is enabled.",
        statuses=(401,),
        words=("botnotregistered",),
        leaves=Leaves.STOPS,
    ),
    Row(Code.BAD_CREDENTIALS, *_SIGN_IN, statuses=(401,), leaves=Leaves.STOPS),
    Row(
        Code.BOT_DISABLED,
        "An administrator has disabled the bot.",
        "Ask the Teams administrator to allow the app in the Teams admin centre.",
        statuses=(403,),
        words=("botdisabledbyadmin",),
        leaves=Leaves.STOPS,
    ),
    Row(
        Code.NOT_INSTALLED,
        *_NOT_INSTALLED,
        statuses=(403,),
        words=("botnotinconversationroster",),
        chat=ChatAfter.UNINSTALLED,
    ),
    Row(
        Code.NOT_INSTALLED,
        *_NOT_INSTALLED,
        statuses=(403,),
        words=("forbiddenoperationexception",),
        chat=ChatAfter.UNINSTALLED,
    ),
    Row(
        Code.BLOCKED_BY_USER,
        *_BLOCKED,
        statuses=(403,),
        words=("conversationblockedbyuser",),
        chat=ChatAfter.BLOCKED,
    ),
    Row(
        Code.BLOCKED_BY_USER,
        *_BLOCKED,
        statuses=(403,),
        words=("messagewritesblocked",),
        chat=ChatAfter.BLOCKED,
    ),
    Row(
        Code.WRONG_CLOUD,
        "This tenant is served by another Microsoft cloud.",
        "Set CLOUD (for example gcc) to the tenant's cloud.",
        statuses=(403,),
        words=("invalidbotapihost",),
        leaves=Leaves.STOPS,
    ),
    Row(
        Code.MISSING_PERMISSION,
        "Teams does not let the bot do this here.",
        "Check that the team is not archived and that the app is allowed there, then try again.",
        statuses=(403,),
        words=("notenoughpermissions",),
    ),
    Row(
        Code.FORBIDDEN,
        "Teams does not allow this.",
        "Check that the app is installed and allowed there, then try again.",
        statuses=(403,),
        quotes=True,
    ),
    Row(
        Code.ACTIVITY_NOT_FOUND,
        "Teams no longer knows the message that should be changed.",
        "Send a new message instead.",
        statuses=(404,),
        words=("activitynotfound",),
    ),
    Row(
        Code.UNKNOWN_PERSON,
        "This person is not a member here.",
        "Check whether the person has left.",
        statuses=(404,),
        words=("membernotfound", "usernotfound"),
        leaves=Leaves.GONE,
    ),
    Row(Code.CONVERSATION_NOT_FOUND, *_GONE, statuses=(404,), chat=ChatAfter.FORGET),
    Row(Code.ANSWER_LOST, *_LOST, statuses=(408, 504), becomes=Becomes.LOST),
    Row(Code.BUSY, *_BUSY, statuses=(412, 423), becomes=Becomes.LATER),
    Row(
        Code.TOO_BIG,
        "The message is larger than Teams allows.",
        "Shorten the template; `message lint` shows its size.",
        statuses=(413,),
    ),
    Row(Code.THROTTLED, *_THROTTLED, statuses=(429,), becomes=Becomes.SLOWER),
    Row(Code.UNAVAILABLE, *_UNAVAILABLE, statuses=(502, 503), becomes=Becomes.LATER),
    Row(
        Code.SERVICE_ERROR,
        "Teams failed on this message.",
        "Try it again by hand; if it stays, look at Microsoft's service health.",
        statuses=_SERVER_ERRORS,
        becomes=Becomes.BROKEN,
    ),
    Row(Code.UNEXPECTED_ANSWER, *_UNDOCUMENTED, statuses=_ANY),
)
"""The Bot Connector's answers; the first row that fits counts, and the last fits everything."""

GRAPH: tuple[Row, ...] = (
    Row(Code.BAD_PAYLOAD, *_BAD_PAYLOAD, statuses=(400,), quotes=True),
    Row(Code.BAD_CREDENTIALS, *_SIGN_IN, statuses=(401,), leaves=Leaves.STOPS),
    Row(
        Code.BLOCKED_BY_POLICY,
        "An app permission policy blocks the app for this person.",
        "A Teams administrator must allow the app for them in the Teams admin centre "
        "(Teams apps > Permission policies).",
        statuses=(403,),
        words=("permission policy", "blocked by", "setup policy"),
    ),
    Row(
        Code.NO_LICENCE,
        NO_LICENCE.reason,
        NO_LICENCE.remedy,
        statuses=(403,),
        words=("license", "licence"),
        leaves=Leaves.SKIPPED,
    ),
    Row(
        Code.APP_NOT_OURS,
        "The Teams app belongs to another app registration.",
        "webApplicationInfo.id in the manifest must be AZURE_CLIENT_ID; package and upload again.",
        statuses=(403,),
        words=("is not allowed to manage the teams app",),
        leaves=Leaves.WAITS,
    ),
    Row(
        Code.GUEST,
        GUEST.reason,
        GUEST.remedy,
        statuses=(403,),
        words=("guest",),
        leaves=Leaves.SKIPPED,
    ),
    Row(
        Code.MISSING_PERMISSION,
        *_NO_PERMISSION,
        statuses=(403,),
        words=("missing scope", "missing role", "insufficient privileges", "requestdenied"),
        leaves=Leaves.WAITS,
    ),
    Row(
        Code.FORBIDDEN,
        "Microsoft Graph does not allow this.",
        "Run `doctor`; then check the app's policies in the Teams admin centre.",
        statuses=(403,),
        quotes=True,
    ),
    Row(
        Code.UNKNOWN_APP,
        *_NO_APP,
        statuses=(404,),
        words=("app not found", "teamsapp", "teams app", "app definition", "catalog"),
        leaves=Leaves.WAITS,
    ),
    Row(
        Code.UNKNOWN_PERSON,
        "The directory does not know this person or group.",
        "Check the address or id, and whether the person has left.",
        statuses=(404,),
        leaves=Leaves.GONE,
    ),
    Row(Code.ANSWER_LOST, *_LOST, statuses=(408, 504), becomes=Becomes.LOST),
    Row(
        Code.ALREADY_INSTALLED,
        "The app is already installed there.",
        "Nothing to do.",
        statuses=(409,),
    ),
    Row(Code.BUSY, *_BUSY, statuses=(412, 423), becomes=Becomes.LATER),
    Row(Code.THROTTLED, *_THROTTLED, statuses=(429,), becomes=Becomes.SLOWER),
    Row(Code.UNAVAILABLE, *_UNAVAILABLE, statuses=_SERVER_ERRORS, becomes=Becomes.LATER),
    Row(Code.UNEXPECTED_ANSWER, *_UNDOCUMENTED, statuses=_ANY),
)
"""Graph's answers, read in the same way."""

ANSWER_LOST = Row(Code.ANSWER_LOST, *_LOST, becomes=Becomes.LOST)
UNREACHABLE = Row(
    Code.UNREACHABLE,
    "The service cannot be reached.",
    "Check the network, the proxy and SSL_CERT_FILE; it is tried again by itself.",
    becomes=Becomes.LATER,
)
SIGN_IN_REFUSED = Row(Code.BAD_CREDENTIALS, *_SIGN_IN, leaves=Leaves.STOPS)
FOREIGN_SERVICE_URL = Row(
    Code.FOREIGN_SERVICE_URL,
    "The stored service URL is not one of this Microsoft cloud's.",
    "Check CLOUD; the right URL is learnt from the next activity of that chat.",
)
FOREIGN_NEXT_LINK = Row(
    Code.FOREIGN_NEXT_LINK,
    "Graph's answer pointed to another host.",
    "Nothing was sent there. Check GRAPH_URL and any proxy on the way.",
)
APP_NOT_UPLOADED = Row(Code.UNKNOWN_APP, *_NO_APP, leaves=Leaves.WAITS)
APP_ID_NOT_SET = Row(
    Code.UNKNOWN_APP,
    "The bot does not know its own app in the catalogue.",
    "Set TEAMS_APP_ID to the manifest's id.",
    leaves=Leaves.WAITS,
)

OURS: tuple[Row, ...] = (
    ANSWER_LOST,
    UNREACHABLE,
    SIGN_IN_REFUSED,
    FOREIGN_SERVICE_URL,
    FOREIGN_NEXT_LINK,
    APP_NOT_UPLOADED,
    APP_ID_NOT_SET,
)
"""What we find without an answer: before a call, instead of one, or when none came."""
