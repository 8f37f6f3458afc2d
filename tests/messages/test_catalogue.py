from collections.abc import Callable
from pathlib import Path

import pytest

from onboarding.errors import BadInput
from onboarding.messages.catalogue import get, load
from onboarding.messages.render import render


def appended(file: str, text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return spoil


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")

    return spoil


def removed(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (removed("hello/about.toml"), r"hello/about\.toml is missing"),
        (removed("hello/card.json.j2"), r"hello/card\.json\.j2 is missing"),
        (removed("hello/words/en.toml"), r"hello/words/en\.toml is missing"),
        (removed("shared/words/en.toml"), r"shared/words/en\.toml is missing"),
        (replaced("hello/about.toml", "title", "titel"), r"hello/about\.toml: title is missing"),
        (replaced("hello/about.toml", '"person"', '"all"'), r"audience is 'all'.*person, team"),
        (appended("hello/about.toml", "oops"), r"hello/about\.toml: .*TOML"),
        (appended("hello/words/de.toml", "oops"), r"hello/words/de\.toml: .*line"),
        (appended("hello/words/de.toml", "n = 5\n"), r"hello/words/de\.toml: n is not text"),
        (appended("hello/words/de.toml", 'n = "{{ a"\n'), r"hello/words/de\.toml, line 7"),
        (appended("hello/words/de.toml", 'n = "\ufdd0"\n'), "noncharacter"),
        (appended("hello/words/de.toml", 'n = "\\uFDD0"\n'), "n is not text"),
        (appended("hello/card.json.j2", "{% if %}"), r"hello/card\.json\.j2, line \d+"),
    ],
)
def test_a_broken_folder_is_refused_with_the_file_and_what_is_wrong(
    folder: Path, spoil: Callable[[Path], None], problem: str
) -> None:
    spoil(folder)
    with pytest.raises(BadInput, match=problem) as caught:
        load(folder)
    assert caught.value.remedy


def test_a_file_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "hello/words/de.toml").write_bytes(b'title = "Gr\xfc\xdfe"')
    with pytest.raises(BadInput, match="UTF-8"):
        load(folder)


def test_a_folder_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="No message"):
        load(tmp_path)


def test_a_folder_without_about_and_card_is_no_message(folder: Path) -> None:
    (folder / "console").mkdir()
    (folder / "console/page.html").write_text("<p>", "utf-8")
    assert "console" not in load(folder).messages


def test_a_message_tells_what_it_is_for(catalogue) -> None:
    about = get(catalogue, "team_intro").about
    assert (about.audience, about.occasion, about.importance) == ("team", "unasked", "normal")
    assert about.purpose.startswith("Posted once")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (replaced("hello/card.json.j2", '"body": [', '"body": [ oops'), "not JSON near '.*oops"),
        (replaced("hello/card.json.j2", "t('intro')", "t('nothing')"), "No words for 'nothing'"),
        (replaced("hello/card.json.j2", "t('intro')", "t.intro"), "hello/card"),
        (replaced("hello/card.json.j2", "shared/header", "shared/head"), "shared/head"),
    ],
)
def test_a_broken_structure_is_refused_when_it_is_rendered(
    folder: Path, spoil: Callable[[Path], None], problem: str
) -> None:
    spoil(folder)
    with pytest.raises(BadInput, match=problem):
        render(load(folder), "hello", {}, "en")


def test_a_value_in_the_structure_is_as_safe_as_one_in_the_words(folder: Path) -> None:
    replaced("hello/card.json.j2", "{{ t('intro') }}", "{{ person.given_name ~ t('next') }}")(
        folder
    )
    shown = render(load(folder), "hello", {"person": {"given_name": '**"x"** \\'}}, "en")
    text = shown.card["body"][1]["text"]
    assert text.startswith('\\*\\*"x"\\*\\* \\\\There is')
