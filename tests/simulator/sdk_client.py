"""Microsoft's own Python SDKs against a simulator, in a process of their own: prints one JSON line.

The environment must hold the simulator's ready line under `env`; the TLS roots are read at import.
"""

import asyncio
import json
import os
import sys
import warnings

AUTHORITY = os.environ.get("AZURE_AUTHORITY_HOST", "")


def credential():
    from azure.identity.aio import ClientSecretCredential

    return ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        os.environ["AZURE_CLIENT_ID"],
        os.environ["AZURE_CLIENT_SECRET"],
        authority=AUTHORITY,
        disable_instance_discovery=True,
    )


async def identity():
    async with credential() as identity:
        token = await identity.get_token("https://api.botframework.com/.default")
        return {"parts": token.token.count("."), "expires": token.expires_on}


async def graph():
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.user_scope_teams_app_installation import (
        UserScopeTeamsAppInstallation,
    )

    async with credential() as identity:
        provider = AzureIdentityAuthenticationProvider(
            identity, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
        )
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = f"{os.environ['GRAPH_URL']}/v1.0"
        client = GraphServiceClient(request_adapter=adapter)
        users = await client.users.get()
        apps = await client.app_catalogs.teams_apps.get()
        url = f"{adapter.base_url}/appCatalogs/teamsApps/{apps.value[0].id}"
        body = UserScopeTeamsAppInstallation(additional_data={"teamsApp@odata.bind": url})
        installed = client.users.by_user_id(users.value[5].id).teamwork.installed_apps
        first = await installed.post(body)
        try:
            await installed.post(body)
        except ODataError as error:
            second = [error.response_status_code, error.error.code]
    return {"users": len(users.value), "first": first, "second": second, "who": users.value[5].id}


async def connector():
    from botbuilder.schema import (
        Activity,
        Attachment,
        ChannelAccount,
        ConversationParameters,
    )
    from botframework.connector import ConnectorClient
    from botframework.connector.auth import MicrosoftAppCredentials
    from botframework.connector.models import ErrorResponseException

    credentials = MicrosoftAppCredentials(
        os.environ["AZURE_CLIENT_ID"], "", oauth_scope="https://api.botframework.com"
    )
    async with credential() as identity:
        token = await identity.get_token("https://api.botframework.com/.default")
    credentials.get_access_token = lambda force_refresh=False: token.token
    client = ConnectorClient(credentials, base_url=os.environ["BOT_SERVICE_URL"])
    tenant = os.environ["AZURE_TENANT_ID"]

    def parameters(member):
        return ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=f"28:{os.environ['AZURE_CLIENT_ID']}"),
            members=[ChannelAccount(id=member)],
            tenant_id=tenant,
            channel_data={"tenant": {"id": tenant}},
        )

    opened = client.conversations.create_conversation(parameters(sys.argv[2]))
    content = {"type": "AdaptiveCard", "version": "1.5", "body": []}
    attachment = Attachment(content_type="application/vnd.microsoft.card.adaptive", content=content)
    activity = Activity(type="message", summary="By the SDK", attachments=[attachment])
    sent = client.conversations.send_to_conversation(opened.id, activity)
    activity.summary = "Updated by the SDK"
    client.conversations.update_activity(opened.id, sent.id, activity)
    try:
        client.conversations.create_conversation(parameters(sys.argv[3]))
    except ErrorResponseException as error:
        refused = [error.response.status_code, error.error.error.code]
    return {"conversation": opened.id, "activity": sent.id, "refused": refused}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    work = {"identity": identity, "graph": graph, "connector": connector}[sys.argv[1]]
    print(json.dumps(asyncio.run(work())))
