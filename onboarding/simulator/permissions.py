"""The application permissions that let a Graph call through (Microsoft's reference)."""

_USERS_READ = frozenset(
    {
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "User.Read.All",
        "User.ReadBasic.All",
        "User.ReadWrite.All",
    }
)
_FULL_USERS_READ = _USERS_READ - {"User.ReadBasic.All"}
_GROUPS_READ = frozenset(
    {
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadBasic.All",
        "Group.ReadWrite.All",
        "GroupMember.Read.All",
    }
)
_MEMBERS_READ = frozenset(
    {
        "Directory.Read.All",
        "Group.Read.All",
        "Group.ReadBasic.All",
        "Group.ReadWrite.All",
        "GroupMember.Read.All",
        "GroupMember.ReadBasic.All",
        "GroupMember.ReadWrite.All",
    }
)
_INSTALL_FOR_USER = frozenset(
    {
        "TeamsAppInstallation.ManageSelectedForUser.All",
        "TeamsAppInstallation.ReadWriteAndConsentForUser.All",
        "TeamsAppInstallation.ReadWriteAndConsentSelfForUser.All",
        "TeamsAppInstallation.ReadWriteForUser.All",
        "TeamsAppInstallation.ReadWriteSelectedForUser.All",
        "TeamsAppInstallation.ReadWriteSelfForUser.All",
    }
)
_INSTALLED_FOR_USER = _INSTALL_FOR_USER | {
    "TeamsAppInstallation.Read.All",
    "TeamsAppInstallation.ReadForUser.All",
}
_CHAT = frozenset(
    {
        "TeamsAppInstallation.Read.All",
        "TeamsAppInstallation.ReadForUser.All",
        "TeamsAppInstallation.ReadWriteForUser.All",
        "TeamsAppInstallation.ReadWriteSelectedForUser.All",
        "TeamsAppInstallation.ReadWriteSelfForUser.All",
    }
)
_INSTALL_FOR_TEAM = frozenset(
    {
        "Directory.ReadWrite.All",
        "Group.ReadWrite.All",
        "TeamsAppInstallation.ManageSelectedForTeam.All",
        "TeamsAppInstallation.ReadWriteAndConsentForTeam.All",
        "TeamsAppInstallation.ReadWriteAndConsentSelfForTeam.All",
        "TeamsAppInstallation.ReadWriteForTeam.All",
        "TeamsAppInstallation.ReadWriteSelfForTeam.All",
    }
)
_INSTALLED_FOR_TEAM = _INSTALL_FOR_TEAM | {
    "Directory.Read.All",
    "Group.Read.All",
    "TeamsAppInstallation.Read.All",
    "TeamsAppInstallation.ReadForTeam.All",
}

NEEDED: dict[str, frozenset[str]] = {
    "GET /users": _USERS_READ,
    "GET /users/{id}": _USERS_READ,
    "GET /users/{id}/manager": _FULL_USERS_READ,
    "GET /users/{id}/licenseDetails": _FULL_USERS_READ | {"LicenseAssignment.Read.All"},
    "GET /users/{id}/teamwork/installedApps": _INSTALLED_FOR_USER,
    "GET /users/{id}/teamwork/installedApps/{id}": _INSTALLED_FOR_USER,
    "GET /users/{id}/teamwork/installedApps/{id}/chat": _CHAT,
    "POST /users/{id}/teamwork/installedApps": _INSTALL_FOR_USER,
    "DELETE /users/{id}/teamwork/installedApps/{id}": _INSTALL_FOR_USER,
    "GET /groups": _GROUPS_READ,
    "GET /groups/{id}": _GROUPS_READ,
    "GET /groups/{id}/members": _MEMBERS_READ,
    "GET /groups/{id}/members/microsoft.graph.user": _MEMBERS_READ,
    "GET /groups/{id}/transitiveMembers": _MEMBERS_READ,
    "GET /groups/{id}/transitiveMembers/microsoft.graph.user": _MEMBERS_READ,
    "GET /teams/{id}": frozenset(
        {
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "Group.Read.All",
            "Group.ReadWrite.All",
            "Team.ReadBasic.All",
            "TeamSettings.Read.All",
            "TeamSettings.ReadWrite.All",
        }
    ),
    "GET /teams/{id}/members": frozenset({"TeamMember.Read.All", "TeamMember.ReadWrite.All"}),
    "GET /teams/{id}/installedApps": _INSTALLED_FOR_TEAM,
    "POST /teams/{id}/installedApps": _INSTALL_FOR_TEAM,
    "DELETE /teams/{id}/installedApps/{id}": _INSTALL_FOR_TEAM,
    "GET /appCatalogs/teamsApps": frozenset({"AppCatalog.Read.All", "AppCatalog.ReadWrite.All"}),
}
