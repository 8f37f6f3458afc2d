import json
import re
from datetime import date
from pathlib import Path

import pytest

from onboarding.errors import BadInput
from onboarding.messages import card as cards
from onboarding.messages.catalogue import load
from onboarding.messages.examples import EXAMPLES
from onboarding.messages.render import render
from onboarding.messages.words import negotiate
from tests.messages.reading import read

MONDAY = date(2026, 3, 2)


def write(folder: Path, file: str, text: str) -> None:
    path = folder / file
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text, "utf-8")


def reworded(folder: Path, line: str, locale: str = "en") -> None:
    """Gives `hello` another introduction."""
    path = folder / f"hello/words/{locale}.toml"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line if old.startswith("intro =") else old for old in lines), "utf-8")


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_at", "de"),
        ("de-AT-1996", "de"),
        ("pt-BR", "pt-BR"),
        ("pt-PT", "en"),
        ("zh-Hant-TW", "zh-Hant"),
        ("fr-FR", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_language_is_the_exact_one_or_the_wider_one_or_the_default(
    wanted: str | None, chosen: str
) -> None:
    assert negotiate(wanted, ["en", "de", "pt-BR", "zh-Hant"], "en") == chosen


def test_without_an_asked_for_language_the_person_decides(catalogue) -> None:
    shown = render(catalogue, "hello", {"person": {"locale": "es-MX", "given_name": "Ana"}})
    assert shown.locale == "es"
    assert shown.summary == "Hola, Ana. Gracias por añadirme."


def test_dates_follow_the_persons_region_within_the_language_of_the_words(catalogue) -> None:
    person = {"locale": "en-GB", "start_date": MONDAY}
    british = render(catalogue, "welcome", {"person": person, "today": MONDAY}, "en")
    assert re.search("Monday,? 2 March 2026", read(british.card))
    italian = render(catalogue, "welcome", {"person": person | {"locale": "it-IT"}})
    assert "Monday, March 2, 2026" in read(italian.card)


def test_a_variable_without_a_value_reads_as_its_fallback_in_that_language(folder: Path) -> None:
    line = 'intro = "{{ person.buddy.given_name }}, {{ team.name }}, {{ person.x.locker }}."'
    reworded(folder, line)
    reworded(folder, line, "de")
    catalogue = load(folder)
    assert "your buddy, your team, ." in read(render(catalogue, "hello", {}, "en").card)
    assert "dein Buddy, deinem Team, ." in read(render(catalogue, "hello", {}, "de").card)


def test_columns_of_hr_can_be_used_with_and_without_their_prefix(folder: Path) -> None:
    reworded(folder, 'intro = "{{ person.x.locker }} {{ person.x.x_locker }} {{ person.x.badge }}"')
    context = {"person": {"x": {"x_locker": "B 12", "badge": 7}}}
    assert "B 12 B 12 7" in read(render(load(folder), "hello", context, "en").card)


def test_a_writer_can_give_a_default_and_ask_whether_something_is_known(folder: Path) -> None:
    line = "intro = '{{ person.x.mug | default(\"a mug\") }}{% if team.name %} known{% endif %}'"
    reworded(folder, line)
    assert "a mug\n" in read(render(load(folder), "hello", {}, "en").card)
    context = {"person": {"x": {"mug": "*tea*"}}, "team": {"name": "Sales"}}
    assert "*tea* known" in read(render(load(folder), "hello", context, "en").card)


def test_a_language_with_more_plural_forms_is_spoken_in_its_own_grammar(folder: Path) -> None:
    for name in ("shared", "offer_existing"):
        english = (folder / f"{name}/words/en.toml").read_text("utf-8")
        forms = {"one": "osoba", "few": "osoby", "many": "osób", "other": "osoby"}
        polish = "".join(f'{k} = "{{{{ existing_count }}}} {v}"\n' for k, v in forms.items())
        head = english.split("[people_here]")[0]
        text = head if name == "shared" else f"{head}[people_here]\n{polish}"
        write(folder, f"{name}/words/pl.toml", text)
    catalogue = load(folder)
    for count, word in ((1, "1 osoba"), (3, "3 osoby"), (5, "5 osób"), (22, "22 osoby")):
        shown = render(catalogue, "offer_existing", {"existing_count": count}, "pl")
        assert word in read(shown.card).splitlines()


def test_a_line_that_a_language_lacks_is_said_in_the_default_language(folder: Path) -> None:
    write(folder, "hello/words/it.toml", 'summary = "Ciao"\n')
    shown = render(load(folder), "hello", {}, "it-CH")
    assert (shown.locale, shown.summary) == ("it", "Ciao")
    assert "Thanks for adding me." in read(shown.card)


@pytest.mark.parametrize("tag", ["ar", "he", "fa", "ur"])
def test_a_language_that_runs_from_right_to_left_makes_the_card_do_so(
    folder: Path, tag: str
) -> None:
    for name in ("shared", "welcome"):
        if not (folder / f"{name}/words/{tag}.toml").exists():
            english = (folder / f"{name}/words/en.toml").read_text("utf-8")
            write(folder, f"{name}/words/{tag}.toml", english)
    shown = render(load(folder), "welcome", EXAMPLES["joined a team"], tag)
    assert (shown.card["rtl"], shown.card["lang"], shown.locale) == (True, tag, tag)
    assert cards.problems(shown.card) == []
    assert "rtl" not in render(load(folder), "welcome", {}, "en").card


def test_what_is_inserted_into_arabic_is_kept_apart_from_it(catalogue) -> None:
    shown = render(catalogue, "welcome", EXAMPLES["joined a team"], "ar-EG")
    assert (shown.locale, shown.card["rtl"]) == ("ar", True)
    said = json.dumps(shown.card["body"], ensure_ascii=False)
    for value in ("Field service Iberia", "Kim Nguyen", "Contoso", "الاثنين، 9 مارس 2026"):
        assert f"\u2068{value}\u2069" in said
    assert said.count("\u2068") == said.count("\u2069")
    assert "\u2068Ana\u2069" in shown.summary == shown.card["fallbackText"]
    sent = [action.get("data") for action in cards.actions(shown.card)]
    assert "\u2068" not in json.dumps(sent, ensure_ascii=False)


def test_changing_one_line_changes_the_version_of_that_message_alone(folder: Path) -> None:
    before = load(folder)
    reworded(folder, 'intro = "Hello."')
    after = load(folder)
    changed = {
        name
        for name in before.messages
        if before.messages[name].version != after.messages[name].version
    }
    assert changed == {"hello"}


@pytest.mark.parametrize(
    "line",
    [
        "intro = '{{ person.__class__ }}'",
        "intro = '{{ person.given_name.__class__.__mro__ }}'",
        "intro = '{{ t.__globals__ }}'",
        "intro = '{{ person.given_name.upper() }}'",
        "intro = '{{ person.get(\"x\") }}'",
        "intro = '{{ \"a\" * 1000000000 }}'",
        "intro = '{{ range(9) }}'",
        "intro = '{{ cycler }}'",
        "intro = '{{ person }}'",
        "intro = '{{ person.shoe_size }}'",
        "intro = '{{ unknown }}'",
    ],
)
def test_words_reach_nothing_but_the_variables(folder: Path, line: str) -> None:
    reworded(folder, line)
    with pytest.raises(BadInput, match=r"hello/words/en\.toml, line \d+|hello/card"):
        render(load(folder), "hello", {"person": {"given_name": "Ana"}}, "en")


def test_a_value_that_looks_like_a_template_is_only_text(catalogue) -> None:
    context = {"person": {"given_name": "{{ 7 * 7 }}{% for x in y %}"}}
    shown = render(catalogue, "hello", context, "en")
    assert "Hello, {{ 7 * 7 }}{% for x in y %}" in read(shown.card)
    assert "49" not in str(shown.card)
