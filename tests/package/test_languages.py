import json
import re

import pytest

from onboarding.package.build import build
from tests.package.contoso import CONTOSO, MANIFEST, document

LANGUAGES = ("de", "es")


def words(language):
    return json.loads((MANIFEST / f"{language}.json").read_bytes())


def english():
    manifest = document(build(CONTOSO))
    texts = {"name.short": manifest["name"]["short"], "name.full": manifest["name"]["full"]}
    texts |= {f"description.{key}": text for key, text in manifest["description"].items()}
    for at, menu in enumerate(manifest["bots"][0]["commandLists"]):
        for number, command in enumerate(menu["commands"]):
            key = f"bots[0].commandLists[{at}].commands[{number}].description"
            texts[key] = command["description"]
    return texts


def test_the_manifest_names_every_language_file_that_lies_beside_it():
    listed = document(build(CONTOSO))["localizationInfo"]["additionalLanguages"]
    assert listed == [{"languageTag": tag, "file": f"{tag}.json"} for tag in LANGUAGES]
    beside = {path.stem for path in MANIFEST.glob("*.json")} - {"manifest.template"}
    assert beside == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_everything_that_the_english_manifest_says(language):
    assert words(language).keys() - {"$schema"} == english().keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_translated_and_not_copied(language):
    same = {key for key, text in english().items() if words(language)[key] == text}
    assert same == {"name.short"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_description_explains_the_words_that_people_type(language):
    for text in (english()["description.full"], words(language)["description.full"]):
        for command in ("stop", "start", "who"):
            assert re.search(rf"\b{command}\b", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_people_type_are_the_same_in_every_language(language):
    assert not [key for key in words(language) if key.endswith(".title")]


def test_no_text_is_longer_than_teams_shows():
    for texts in (english(), *(words(language) for language in LANGUAGES)):
        assert len(texts["name.short"]) <= 30
        assert len(texts["name.full"]) <= 100
        assert len(texts["description.short"]) <= 80
        assert len(texts["description.full"]) <= 4000
