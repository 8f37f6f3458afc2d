import functools
import io
import json
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.package.build import build
from onboarding.package.check import check
from tests.package.contoso import CONTOSO, document, packed, spoiled, unpacked

CLIENT = CONTOSO.client_id


def setting(*path, to):
    def change(manifest):
        for key in path[:-1]:
            manifest = manifest[key]
        manifest[path[-1]] = to

    return change


def dropping(*path):
    def change(manifest):
        for key in path[:-1]:
            manifest = manifest[key]
        del manifest[path[-1]]

    return change


def right(name):
    return {"permissions": {"resourceSpecific": [{"name": name, "type": "Application"}]}}


FAULTS = [
    ("id", setting("id", to="onboarding")),
    ("id", setting("id", to="00000000-0000-0000-0000-000000000000")),
    ("id", dropping("id")),
    ("version", setting("version", to="1.0")),
    ("version", setting("version", to=1)),
    ("manifestVersion", setting("manifestVersion", to="1.18")),
    ("manifestVersion", setting("manifestVersion", to="1.12")),
    ("manifestVersion", setting("manifestVersion", to=1.30)),
    ("", dropping("manifestVersion")),
    ("accentColor", setting("accentColor", to="violet")),
    ("", dropping("accentColor")),
    ("", setting("packageNames", to="com.contoso.onboarding")),
    ("name.short", setting("name", "short", to="Onboarding for everybody at Contoso")),
    ("name.short", setting("name", "short", to="Contoso Teams bot")),
    ("name.full", setting("name", "full", to="Onboarding for Microsoft 365")),
    ("name.full", setting("name", "full", to="")),
    ("description.short", setting("description", "short", to="W" * 81)),
    ("description.full", setting("description", "full", to="W" * 4001)),
    ("developer.name", setting("developer", "name", to="C" * 33)),
    ("developer.websiteUrl", setting("developer", "websiteUrl", to="http://contoso.com")),
    ("developer.privacyUrl", setting("developer", "privacyUrl", to="/privacy")),
    ("developer.termsOfUseUrl", setting("developer", "termsOfUseUrl", to="https://localhost/t")),
    ("developer", dropping("developer", "privacyUrl")),
    ("bots[0].botId", setting("bots", 0, "botId", to="bot")),
    ("bots[0].botId", setting("bots", to=[])),
    ("bots[0].scopes", setting("bots", 0, "scopes", to=["personal"])),
    ("bots[0].scopes", setting("bots", 0, "scopes", to=["team"])),
    ("bots[0].scopes[1]", setting("bots", 0, "scopes", to=["personal", "channel", "team"])),
    (
        "bots[0].commandLists[0].commands[0].title",
        setting("bots", 0, "commandLists", 0, "commands", 0, "title", to="h" * 129),
    ),
    ("bots[0].commandLists", setting("bots", 0, "commandLists", to=[{}] * 4)),
    ("validDomains", setting("validDomains", to=["https://bot.contoso.com"])),
    ("validDomains", setting("validDomains", to=["*.contoso.com"])),
    ("validDomains", setting("validDomains", to=["bot.contoso.com", "localhost"])),
    ("validDomains", setting("validDomains", to=["192.168.1.4"])),
    ("defaultInstallScope", setting("defaultInstallScope", to="meetings")),
    ("webApplicationInfo.id", setting("webApplicationInfo", "id", to=CONTOSO.teams_app_id)),
    ("webApplicationInfo.id", dropping("webApplicationInfo")),
    ("webApplicationInfo.resource", dropping("webApplicationInfo", "resource")),
    (
        "webApplicationInfo.resource",
        setting("webApplicationInfo", "resource", to=f"api://contoso.com/botid-{CLIENT}"),
    ),
    (
        "authorization.permissions.resourceSpecific",
        setting("authorization", to=right("TeamsActivity.Send.User")),
    ),
    ("icons.color", setting("icons", "color", to="colour.png")),
    ("icons.outline", dropping("icons", "outline")),
    (
        "localizationInfo.defaultLanguageTag",
        setting("localizationInfo", "defaultLanguageTag", to="english language"),
    ),
]


@pytest.mark.parametrize(("field", "fault"), FAULTS)
def test_a_fault_in_the_manifest_is_found_where_it_is(field, fault):
    findings = check(spoiled(fault))
    assert ("manifest.json", field) in {(found.file, found.field) for found in findings} or (
        field.startswith("icons") and field in {found.field for found in findings}
    )
    assert all(found.problem and found.remedy for found in findings)


def test_a_team_wide_permission_is_no_fault():
    assert check(spoiled(setting("authorization", to=right("TeamMember.Read.Group")))) == []


LANGUAGE_FAULTS = [
    ("description.full", dropping("description.full")),
    (
        "bots[0].commandLists[1].commands[0].description",
        dropping("bots[0].commandLists[1].commands[0].description"),
    ),
    (
        "bots[0].commandLists[0].commands[7].description",
        setting("bots[0].commandLists[0].commands[7].description", to="Nichts"),
    ),
    ("", setting("greeting", to="Hallo")),
    ("name.short", setting("name.short", to="Willkommen bei Teams")),
    ("name.short", setting("name.short", to="W" * 31)),
    ("description.short", setting("description.short", to="W" * 81)),
]


@pytest.mark.parametrize(("key", "fault"), LANGUAGE_FAULTS)
def test_a_fault_in_a_language_is_found_where_it_is(key, fault):
    findings = check(spoiled(fault, "de.json"))
    assert ("de.json", key) in {(found.file, found.field) for found in findings}


def test_a_new_command_must_be_translated_everywhere():
    command = {"title": "buddy", "description": "See who your buddy is"}

    def fault(manifest):
        manifest["bots"][0]["commandLists"][0]["commands"].append(command)

    key = "bots[0].commandLists[0].commands[5].description"
    found = {(finding.file, finding.field) for finding in check(spoiled(fault))}
    assert {("de.json", key), ("es.json", key)} <= found


def test_what_the_schema_cannot_judge_is_said_and_not_raised():
    def fault(manifest):
        function = {"name": "Add", "id": "ADD", "parameters": [], "result": {}}
        runtime = {"id": "r", "code": {"page": "https://bot.contoso.com"}}
        custom = {"functions": [function], "namespace": {"id": "C", "name": "C"}}
        manifest["extensions"] = [{"runtimes": [runtime | {"customFunctions": custom}]}]

    assert "cannot judge" in " ".join(found.problem for found in check(spoiled(fault)))


def files_without(name):
    return {file: content for file, content in contoso().items() if file != name}


@functools.cache
def contoso():
    return unpacked(build(CONTOSO))


@pytest.mark.parametrize("name", ["manifest.json", "color.png", "outline.png", "es.json"])
def test_a_missing_file_is_found(name):
    findings = check(packed(files_without(name)))
    assert [(finding.file, finding.problem) for finding in findings] == [
        (name, "The file is missing.")
    ]


def test_a_zipped_folder_is_found():
    package = packed({f"manifest/{name}": content for name, content in contoso().items()})
    assert [finding.file for finding in check(package)] == ["manifest.json"]


def test_what_the_manifest_does_not_name_is_found():
    package = packed(contoso() | {".DS_Store": b"x", "__MACOSX/color.png": b"x", "fr.json": b"{}"})
    assert {found.file for found in check(package)} == {
        ".DS_Store",
        "__MACOSX/color.png",
        "fr.json",
    }


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\xff", b"[" * 100_000])
@pytest.mark.parametrize("name", ["manifest.json", "de.json"])
def test_a_file_that_is_no_json_object_is_found(name, content):
    findings = check(packed(contoso() | {name: content}))
    assert [finding.file for finding in findings] == [name]


def test_a_file_in_the_zip_twice_is_found():
    buffer = io.BytesIO(build(CONTOSO))
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("manifest.json", "{}")
    assert "twice" in check(buffer.getvalue())[0].problem


def test_a_file_that_unpacks_to_something_huge_is_not_unpacked():
    findings = check(packed(contoso() | {"color.png": bytes(50_000_000)}))
    assert [(found.file, found.problem) for found in findings] == [
        ("color.png", "The file is larger than 1 MB.")
    ]


def test_an_unusual_compression_is_found():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("manifest.json", "{}")
    assert "packed" in check(buffer.getvalue())[0].problem


@given(st.binary(max_size=200))
def test_whatever_is_no_zip_brings_one_finding(noise):
    assert len(check(noise)) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(build(CONTOSO)) - 1), st.integers(1, 255))
def test_a_flipped_byte_never_breaks_the_check(at, flip):
    package = bytearray(build(CONTOSO))
    package[at] ^= flip
    assert isinstance(check(bytes(package)), list)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(document(build(CONTOSO)))), JSON)
def test_any_value_anywhere_in_the_manifest_is_judged_not_raised(key, value):
    files = contoso()
    manifest = json.loads(files["manifest.json"]) | {key: value}
    findings = check(packed(files | {"manifest.json": json.dumps(manifest).encode()}))
    assert all(finding.problem and finding.remedy for finding in findings)
