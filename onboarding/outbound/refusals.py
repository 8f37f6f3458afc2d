"""The table of refusals: what HR reads, and what an administrator can do.

The connector's part follows learn.microsoft.com/microsoftteams/platform (conversation-messages,
"Status codes from bot conversational APIs"), Graph's follows learn.microsoft.com/graph (errors,
userteamwork-post-installedapps).
"""

from dataclasses import dataclass

from onboarding.outbound.codes import Code


@dataclass(frozen=True, slots=True)
class Rule:
    """A refusal, known by its status and by any of some words (lower case; none fits all)."""

    status: int
    words: tuple[str, ...]
    code: Code
    reason: str
    remedy: str


_NOT_INSTALLED = (
    "The app is not installed for this person or in this conversation.",
    "Install the app there; the message follows by itself.",
)
_MUTED = (
    "The person has blocked or muted the bot.",
    "Nothing to do: the bot stays silent until the person writes to it.",
)
_GONE = (
    "Teams no longer knows this conversation.",
    "Try again: the chat is opened anew.",
)
_LOST_MESSAGE = (
    "Teams no longer knows the message that should be changed.",
    "Send a new message instead.",
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

CONNECTOR_RULES: tuple[Rule, ...] = (
    Rule(400, ("decrypt conversation id",), Code.CONVERSATION_NOT_FOUND, *_GONE),
    Rule(400, (), Code.BAD_PAYLOAD, *_BAD_PAYLOAD),
    Rule(
        401,
        ("botnotregistered",),
        Code.BOT_NOT_REGISTERED,
        "Teams does not know this bot.",
        "Check the Azure Bot resource: its app id, and that its Teams channel is enabled.",
    ),
    Rule(401, (), Code.BAD_CREDENTIALS, *_SIGN_IN),
    Rule(
        403,
        ("botdisabledbyadmin",),
        Code.BOT_DISABLED,
        "An administrator has disabled the bot.",
        "Ask the Teams administrator to allow the app in the Teams admin centre.",
    ),
    Rule(403, ("botnotinconversationroster",), Code.NOT_INSTALLED, *_NOT_INSTALLED),
    Rule(403, ("forbiddenoperationexception",), Code.NOT_INSTALLED, *_NOT_INSTALLED),
    Rule(403, ("conversationblockedbyuser",), Code.BLOCKED_BY_USER, *_MUTED),
    Rule(403, ("messagewritesblocked",), Code.BLOCKED_BY_USER, *_MUTED),
    Rule(
        403,
        ("invalidbotapihost",),
        Code.WRONG_CLOUD,
        "This tenant is served by another Microsoft cloud.",
        "Set CLOUD (for example gcc) to the tenant's cloud.",
    ),
    Rule(403, ("notenoughpermissions",), Code.MISSING_PERMISSION, *_NO_PERMISSION),
    Rule(
        403,
        (),
        Code.FORBIDDEN,
        "Teams does not allow this.",
        "Check that the app is installed and allowed there, then try again.",
    ),
    Rule(404, ("activitynotfound",), Code.ACTIVITY_NOT_FOUND, *_LOST_MESSAGE),
    Rule(
        404,
        ("membernotfound", "usernotfound"),
        Code.UNKNOWN_PERSON,
        "This person is not a member here.",
        "Check whether the person has left.",
    ),
    Rule(404, (), Code.CONVERSATION_NOT_FOUND, *_GONE),
    Rule(
        413,
        (),
        Code.TOO_BIG,
        "The message is larger than Teams allows.",
        "Shorten the template; `message lint` shows its size.",
    ),
    Rule(
        500,
        (),
        Code.SERVICE_ERROR,
        "Teams failed on this message.",
        "Try it again by hand; if it stays, look at Microsoft's service health.",
    ),
)

GRAPH_RULES: tuple[Rule, ...] = (
    Rule(400, (), Code.BAD_PAYLOAD, *_BAD_PAYLOAD),
    Rule(401, (), Code.BAD_CREDENTIALS, *_SIGN_IN),
    Rule(
        403,
        ("permission policy", "blocked by", "setup policy"),
        Code.BLOCKED_BY_POLICY,
        "An app permission policy blocks the app for this person.",
        "A Teams administrator must allow the app for them in the Teams admin centre "
        "(Teams apps > Permission policies).",
    ),
    Rule(
        403,
        ("license", "licence"),
        Code.NO_LICENCE,
        "The person has no Teams licence yet.",
        "Assign a licence that includes Teams; the person is tried again when retried.",
    ),
    Rule(
        403,
        ("is not allowed to manage the teams app",),
        Code.APP_NOT_OURS,
        "The Teams app belongs to another app registration.",
        "webApplicationInfo.id in the manifest must be AZURE_CLIENT_ID; package and upload again.",
    ),
    Rule(
        403,
        ("guest",),
        Code.GUEST,
        "Teams apps cannot be installed for guests.",
        "Welcome guests in their team instead.",
    ),
    Rule(
        403,
        ("missing scope", "missing role", "insufficient privileges", "requestdenied"),
        Code.MISSING_PERMISSION,
        *_NO_PERMISSION,
    ),
    Rule(
        403,
        (),
        Code.FORBIDDEN,
        "Microsoft Graph does not allow this.",
        "Run `doctor`; then check the app's policies in the Teams admin centre.",
    ),
    Rule(
        404,
        ("app not found", "teamsapp", "teams app", "app definition", "catalog"),
        Code.UNKNOWN_APP,
        "The app is not in the organisation's catalogue.",
        "Upload the app package in the Teams admin centre and check TEAMS_APP_ID.",
    ),
    Rule(
        404,
        (),
        Code.UNKNOWN_PERSON,
        "The directory does not know this person or group.",
        "Check the address or id, and whether the person has left.",
    ),
    Rule(
        409,
        (),
        Code.ALREADY_INSTALLED,
        "The app is already installed there.",
        "Nothing to do.",
    ),
)
