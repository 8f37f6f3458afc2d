"""The parts of msgraph-sdk that we use, by short names.

Importing this takes about a second and brings the SDK's own deprecation warnings: `graph_seam`
does it once, on first use or at warm-up. The modules without a name here are those that the
builders would import at their first use.
"""

import msgraph.generated.app_catalogs.app_catalogs_request_builder
import msgraph.generated.groups.groups_request_builder
import msgraph.generated.groups.item.group_item_request_builder
import msgraph.generated.groups.item.transitive_members.transitive_members_request_builder
import msgraph.generated.users.item.teamwork.installed_apps.item.chat.chat_request_builder
import msgraph.generated.users.item.teamwork.teamwork_request_builder  # noqa: F401
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.app_catalogs.teams_apps.teams_apps_request_builder import (
    TeamsAppsRequestBuilder,
)
from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import (
    GraphUserRequestBuilder,
)
from msgraph.generated.models.user_scope_teams_app_installation import (
    UserScopeTeamsAppInstallation,
)
from msgraph.generated.users.item.manager.manager_request_builder import ManagerRequestBuilder
from msgraph.generated.users.item.teamwork.installed_apps.installed_apps_request_builder import (
    InstalledAppsRequestBuilder,
)
from msgraph.generated.users.item.teamwork.installed_apps.item import (
    user_scope_teams_app_installation_item_request_builder,
)
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

__all__ = [
    "AnonymousAuthenticationProvider",
    "AppsQuery",
    "GraphRequestAdapter",
    "GraphServiceClient",
    "InstalledQuery",
    "ManagerQuery",
    "MembersQuery",
    "RequestConfiguration",
    "RequestInformation",
    "UserQuery",
    "UserScopeTeamsAppInstallation",
    "UsersQuery",
    "user_scope_teams_app_installation_item_request_builder",
]

AppsQuery = TeamsAppsRequestBuilder.TeamsAppsRequestBuilderGetQueryParameters
InstalledQuery = InstalledAppsRequestBuilder.InstalledAppsRequestBuilderGetQueryParameters
ManagerQuery = ManagerRequestBuilder.ManagerRequestBuilderGetQueryParameters
MembersQuery = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters
UserQuery = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters
UsersQuery = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
