import json
import os
import shutil
import zipfile

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from onboarding.errors import BadInput
from onboarding.package.build import PackageValues, build
from onboarding.package.check import check
from tests.package.contoso import CONTOSO, MANIFEST, ROOT, document, unpacked, with_values

SHARED = ROOT.parent / "shared" / "schemas"
LANGUAGES = ("de.json", "es.json")


def errors(schema, instance):
    """By the draft that the schema names, and by a later one that also knows `const`."""
    return [
        error.message
        for validator in (Draft4Validator, Draft202012Validator)
        for error in validator(read(schema)).iter_errors(instance)
    ]


def read(path):
    return json.loads(path.read_bytes())


def test_everything_lies_at_the_root_of_the_zip():
    files = unpacked(build(CONTOSO))
    assert list(files) == ["manifest.json", "color.png", "outline.png", *LANGUAGES]


def test_the_bytes_depend_neither_on_time_nor_on_the_file_system(tmp_path):
    elsewhere = tmp_path / "copy"
    shutil.copytree(MANIFEST, elsewhere)
    for path in elsewhere.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700)
    assert build(CONTOSO, elsewhere) == build(CONTOSO)


def test_a_new_version_makes_another_package():
    assert build(with_values(version="1.4.3")) != build(CONTOSO)


@pytest.mark.parametrize(
    "schemas",
    [
        MANIFEST / "schemas",
        pytest.param(SHARED, marks=pytest.mark.skipif(not SHARED.is_dir(), reason="not here")),
    ],
    ids=["own", "shared"],
)
def test_the_package_is_valid_as_it_is_by_the_schemas_of_version_1_30(schemas):
    package = build(CONTOSO)
    assert errors(schemas / "MicrosoftTeams.v1.30.schema.json", document(package)) == []
    localisation = schemas / "MicrosoftTeams.Localization.v1.30.schema.json"
    for language in LANGUAGES:
        assert errors(localisation, document(package, language)) == []
        assert errors(localisation, read(MANIFEST / language)) == []


def test_every_file_names_the_schema_that_it_follows():
    package = build(CONTOSO)
    schemas = "https://developer.microsoft.com/json-schemas/teams/v1.30"
    assert document(package)["$schema"] == f"{schemas}/MicrosoftTeams.schema.json"
    for language in LANGUAGES:
        named = document(package, language)["$schema"]
        assert named == f"{schemas}/MicrosoftTeams.Localization.schema.json"


def test_a_fresh_package_has_no_findings():
    assert check(build(CONTOSO)) == []


def test_the_values_arrive_where_they_belong():
    manifest = document(build(with_values(public_url="https://bot.contoso.com:8443/")))
    assert manifest["id"] == CONTOSO.teams_app_id
    assert manifest["version"] == "1.4.2"
    assert manifest["bots"][0]["botId"] == CONTOSO.client_id
    assert manifest["validDomains"] == ["bot.contoso.com"]
    assert manifest["webApplicationInfo"] == {
        "id": CONTOSO.client_id,
        "resource": f"api://bot.contoso.com/botid-{CONTOSO.client_id}",
    }
    assert manifest["developer"] == {
        "name": "Contoso People Team",
        "websiteUrl": CONTOSO.website_url,
        "privacyUrl": CONTOSO.privacy_url,
        "termsOfUseUrl": CONTOSO.terms_url,
    }


def test_a_value_stays_text_whatever_it_holds():
    name = 'Zoë "${version}" \\ $ </b>'
    assert document(build(with_values(developer_name=name)))["developer"]["name"] == name


def test_an_own_app_name_is_used_in_every_language():
    package = build(with_values(app_name_short="Willkommen", app_name_full="Contoso Welcome"))
    assert document(package)["name"] == {"short": "Willkommen", "full": "Contoso Welcome"}
    for language in LANGUAGES:
        words = document(package, language)
        assert (words["name.short"], words["name.full"]) == ("Willkommen", "Contoso Welcome")
    assert check(package) == []


def test_an_own_short_name_alone_is_also_the_full_name():
    names = document(build(with_values(app_name_short="Willkommen")))["name"]
    assert names == {"short": "Willkommen", "full": "Willkommen"}


def test_the_app_asks_for_nothing_that_it_does_not_need():
    manifest = document(build(CONTOSO))
    assert manifest.keys().isdisjoint({"authorization", "permissions", "devicePermissions"})
    assert "applicationPermissions" not in manifest["webApplicationInfo"]


def test_each_scope_lists_its_own_commands():
    bot = document(build(CONTOSO))["bots"][0]
    assert bot["scopes"] == ["personal", "team", "groupChat"]
    assert {
        menu["scopes"][0]: [command["title"] for command in menu["commands"]]
        for menu in bot["commandLists"]
    } == {
        "personal": ["help", "welcome", "stop", "start", "who"],
        "team": ["newconversation", "help"],
        "groupChat": ["help"],
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("teams_app_id", "onboarding"),
        ("teams_app_id", "0d9a4c2e-7c1f-4c3b-9a51-2f1f8c6f4b10\n"),
        ("client_id", ""),
        ("client_id", "00000000-0000-0000-0000-000000000000"),
        ("version", "1.0"),
        ("version", "1.02.0"),
        ("version", "١.0.0"),
        ("public_url", "http://bot.contoso.com"),
        ("public_url", "https://bot.contoso.com/api"),
        ("public_url", "https://bot.contoso.com?x=1"),
        ("public_url", "https://hr:secret@bot.contoso.com"),
        ("public_url", "https://bot.contoso.com:port"),
        ("public_url", "https://localhost:3978"),
        ("public_url", "https://10.0.0.4"),
        ("public_url", "https://127.0.0.2"),
        ("public_url", "https://intranet"),
        ("public_url", "https://bücher.contoso.com"),
        ("website_url", "www.contoso.com"),
        ("privacy_url", "javascript:alert(1)"),
        ("terms_url", "https://www.contoso.com/terms of use"),
        ("terms_url", "https://127.0.0.1/terms"),
        ("developer_name", " "),
        ("developer_name", "C" * 33),
        ("app_name_short", ""),
        ("app_name_short", "W" * 31),
        ("app_name_short", "Welcome for Teams"),
        ("app_name_full", "Microsoft Onboarding"),
        ("app_name_full", "W" * 101),
    ],
)
def test_a_mistake_is_refused_by_its_name(field, value):
    with pytest.raises(BadInput) as refused:
        with_values(**{field: value})
    assert refused.value.problem.startswith(f"{field} ")
    assert "\n" not in refused.value.problem
    assert refused.value.remedy


def test_every_mistake_is_named_at_once():
    with pytest.raises(BadInput) as refused:
        PackageValues("1", "2", "ftp://x", "one", "", "x", "y", "z", "Teams", "Microsoft")
    assert {line.split()[0] for line in refused.value.problem.splitlines()} == {
        "teams_app_id",
        "client_id",
        "public_url",
        "version",
        "developer_name",
        "website_url",
        "privacy_url",
        "terms_url",
        "app_name_short",
        "app_name_full",
    }


@pytest.mark.parametrize("url", ["https://localhost:3978", "http://127.0.0.1:3978"])
def test_a_loopback_address_is_for_the_simulator_alone(url):
    package = build(with_values(public_url=url, website_url=f"{url}/about", simulated=True))
    assert check(package, simulated=True) == []
    fields = {finding.field for finding in check(package)}
    assert fields == {"validDomains", "developer.websiteUrl"}


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(MANIFEST, tmp_path / "manifest")
    return tmp_path / "manifest"


@pytest.mark.parametrize("missing", ["manifest.template.json", "color.png", "de.json"])
def test_a_missing_file_is_named(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(BadInput, match=missing):
        build(CONTOSO, folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "${surname}"}', '{"id": "$"}', "\xff"])
def test_a_template_that_cannot_be_filled_is_named(folder, text):
    (folder / "manifest.template.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match=r"manifest\.template\.json"):
        build(CONTOSO, folder)


def test_a_template_without_icons_still_builds_and_is_then_found_out(folder):
    (folder / "manifest.template.json").write_text("{}")
    findings = check(build(CONTOSO, folder))
    fields = {finding.field for finding in findings}
    assert {"icons.color", "icons.outline", "id", "webApplicationInfo.id"} <= fields
    assert "'manifestVersion' is a required property." in {found.problem for found in findings}


def test_neither_compressor_nor_machine_can_change_the_zip(tmp_path):
    path = tmp_path / "onboarding.zip"
    path.write_bytes(build(CONTOSO))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.create_system for entry in archive.infolist()} == {3}
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
