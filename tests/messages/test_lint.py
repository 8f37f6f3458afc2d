from collections.abc import Callable
from pathlib import Path

import pytest

from onboarding.messages.catalogue import load
from onboarding.messages.lint import lint
from tests.messages.test_catalogue import appended, removed, replaced

WORDS = "team_welcome/words/en.toml"
CARD = "team_welcome/card.json.j2"


def line_of(file: Path, part: str) -> int:
    lines = file.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if part in line)


@pytest.mark.parametrize(
    ("spoil", "file", "part", "problem", "remedy"),
    [
        (
            replaced(WORDS, "brief. ", "brief. {{ person.departement }} "),
            *(WORDS, "text =", "no variable person.departement", "person.department?"),
        ),
        (
            replaced(CARD, "trigger.who", "triggr.who"),
            *(CARD, "triggr", "no variable triggr.who", "trigger.who?"),
        ),
        (
            replaced(CARD, "t('text')", "t('txt')"),
            *(CARD, "txt", "no words txt", "Add txt"),
        ),
        (
            replaced(WORDS, "brief. ", "brief. [more](http://contoso.example) "),
            *(WORDS, "text =", "fixed https address", "Write it out"),
        ),
        (
            replaced(WORDS, "brief. ", "brief. [more]({{ app.handbook_url }}) "),
            *(WORDS, "text =", "fixed https address", "use a button"),
        ),
        (
            replaced(WORDS, "brief. ", "brief. <{{ app.hr_contact }}> "),
            *(WORDS, "text =", "directly after <", "Leave"),
        ),
        (
            replaced("welcome/card.json.j2", "{{ app.handbook_url }}", "http://contoso.example"),
            *("welcome/card.json.j2", "http:", "not an https address", "https"),
        ),
    ],
)
def test_a_planted_fault_is_found_with_its_file_line_and_remedy(
    folder: Path, spoil: Callable[[Path], None], file: str, part: str, problem: str, remedy: str
) -> None:
    spoil(folder)
    found = [f for f in lint(load(folder)) if f.file == file and problem in f.problem]
    assert found, lint(load(folder))
    assert found[0].line == line_of(folder / file, part)
    assert remedy in found[0].remedy


@pytest.mark.parametrize(
    ("spoil", "file", "problem"),
    [
        (
            replaced("hello/words/de.toml", "next =", "nxt ="),
            *("hello/words/de.toml", "The line next is missing"),
        ),
        (
            appended("hello/words/de.toml", 'more = "x"\n'),
            *("hello/words/de.toml", "No other language has more"),
        ),
        (
            replaced("offer_existing/words/es.toml", "{{ existing_count }} persona", "persona"),
            *(
                "offer_existing/words/es.toml",
                "same variables as the default language: existing_count",
            ),
        ),
        (
            replaced("hello/words/es.toml", "Soy {{ app.name }}", "Soy yo"),
            *("hello/words/es.toml", "same variables as the default language: app.name"),
        ),
        (removed("hello/words/es.toml"), *("hello/words/en.toml", "no words in es")),
        (
            replaced("hello/words/en.toml", "summary", "summry"),
            *("hello/words/en.toml", "There is no summary"),
        ),
        (
            replaced("hello/card.json.j2", 't("why")', 't("next")'),
            *("hello/card.json.j2", "does not say why"),
        ),
        (
            replaced("hello/card.json.j2", "shared/footer", "shared/header"),
            *("hello/card.json.j2", "does not say how to stop"),
        ),
        (
            replaced("hello/card.json.j2", '"wrap": true', '"wrap": "yes"'),
            *("hello/card.json.j2", "is not true or false"),
        ),
        (
            replaced("hello/card.json.j2", '{{ button(t("button.help"), "help") }},', "oops,"),
            *("hello/card.json.j2", "not JSON"),
        ),
        (
            replaced(
                "hello/card.json.j2",
                '{{ button(t("button.who"), "who") }},',
                "".join(f'{{{{ button(t("button.who"), "v{n}") }}}},' for n in range(6)),
            ),
            *("hello/card.json.j2", "more than 6"),
        ),
        (
            replaced("hello/words/en.toml", "Thanks for adding me. I am", "x" * 29_000),
            *("hello/card.json.j2", "bytes are more than"),
        ),
        (
            replaced("shared/words/en.toml", "What can you do?", "What can **you** do?"),
            *("hello/words/en.toml", "Markdown would show"),
        ),
        (
            replaced("hello/about.toml", '"person.given_name"', '"person.name"'),
            *("hello/about.toml", "no variable person.name"),
        ),
        (
            replaced("shared/words/de.toml", "{{ app.name }}", "{{ app.nme }}"),
            *("shared/words/de.toml", "no variable app.nme"),
        ),
        (
            replaced("shared/footer.json.j2", "opted_out", "opted"),
            *("shared/footer.json.j2", "no variable opted"),
        ),
    ],
)
def test_a_planted_fault_is_found_in_its_file(
    folder: Path, spoil: Callable[[Path], None], file: str, problem: str
) -> None:
    spoil(folder)
    findings = lint(load(folder))
    assert any(f.file == file and problem in f.problem and f.remedy for f in findings), findings


def test_a_language_may_call_a_person_by_their_other_name_but_nobody_else_by_it(
    folder: Path,
) -> None:
    line = "Sag Hallo zu {{ person.buddy.given_name }}"
    whole = "Sag Hallo zu {{ person.buddy.display_name }}"
    replaced("welcome/words/de.toml", line, whole)(folder)
    assert lint(load(folder)) == []
    other = "Sag Hallo zu {{ person.manager.display_name }}"
    replaced("welcome/words/de.toml", whole, other)(folder)
    (found,) = lint(load(folder))
    assert "person.buddy.given_name, person.manager.display_name" in found.problem
