"""Botbuilder's own adapter, set up as its samples do, on the simulated Microsoft 365."""

import os
from typing import Any

from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botframework.connector.auth import MicrosoftAppCredentials, ServiceClientCredentialsFactory
from msal import ConfidentialClientApplication

BOT_AUDIENCE = "https://api.botframework.com"


class Config:
    """The configuration object of the samples. Once one endpoint is given, all must be."""

    APP_TYPE = "SingleTenant"

    def __init__(self) -> None:
        env = os.environ
        metadata = env["BOT_OPENID_METADATA_URL"]
        self.APP_ID = env["AZURE_CLIENT_ID"]
        self.APP_PASSWORD = env["AZURE_CLIENT_SECRET"]
        self.APP_TENANTID = env["AZURE_TENANT_ID"]
        self.TO_CHANNEL_FROM_BOT_LOGIN_URL = authority()
        self.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE = BOT_AUDIENCE
        self.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER = env["BOT_TOKEN_ISSUER"]
        self.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = metadata
        self.TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL = metadata
        self.OAUTH_URL = env["BOT_SERVICE_URL"]
        self.CALLER_ID = None


def adapter() -> CloudAdapter:
    """A stock CloudAdapter."""
    config = Config()
    return CloudAdapter(
        ConfigurationBotFrameworkAuthentication(config, credentials_factory=_Credentials(config))
    )


def authority() -> str:
    return f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}"


def msal_app() -> ConfidentialClientApplication:
    """MSAL's client as the SDKs make it, except that it does not ask login.microsoftonline.com
    whether the simulator is one of Microsoft's clouds."""
    return ConfidentialClientApplication(
        os.environ["AZURE_CLIENT_ID"],
        client_credential=os.environ["AZURE_CLIENT_SECRET"],
        authority=authority(),
        instance_discovery=False,
    )


class _Credentials(ServiceClientCredentialsFactory):
    """New credentials for each connector client, as the stock factory makes them."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def is_valid_app_id(self, app_id: str) -> bool:
        return app_id == self._config.APP_ID

    async def is_authentication_disabled(self) -> bool:
        return False

    async def create_credentials(
        self, app_id: str, oauth_scope: str, login_endpoint: str, validate_authority: bool
    ) -> MicrosoftAppCredentials:
        return _Lazy(app_id, self._config.APP_PASSWORD, self._config.APP_TENANTID, oauth_scope)


class _Lazy(MicrosoftAppCredentials):
    """Makes its MSAL client on the first use, when the stock class would."""

    _made: Any = None

    @property
    def app(self) -> Any:
        if self._made is None:
            self._made = msal_app()
        return self._made

    @app.setter
    def app(self, value: Any) -> None:
        self._made = value
