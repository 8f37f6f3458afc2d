import re
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onboarding.messages.render import render
from onboarding.messages.safety import clean, escape, hide, https_url, markdown, plain, reveal, url
from tests.messages.conftest import shipped
from tests.messages.reading import facts, markdown_texts, shape, skeleton, visible

HOSTILE = [
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "**bold** _italic_ ~~gone~~ `code`",
    "<at>everyone</at>",
    "<script>alert(1)</script>",
    "<https://evil.example>",
    "<javascript:alert(1)>",
    "https://evil.example and www.evil.example and a@evil.example",
    "&lt;b&gt; &amp; &#42;",
    "{{DATE(2026-03-02T00:00:00Z, SHORT)}}",
    "{{ person.upn }} {% raw %} {# x #}",
    '"}],"x":[{',
    "\\",
    "\\\\*x\\*",
    "1. FC Köln",
    "12",
    "2) two",
    "- dash",
    "+ plus",
    "# heading",
    "> quote",
    "---",
    "===",
    "|a|b|",
    "[x]: https://evil.example",
    "~~~",
    "*",
    "O'Brien & Söhne (R&D), No. 5",
]
MARKS = st.text(alphabet="*_[]()<>`~\\{}|#-+=.!&;:/@'\"0189ab \n\t")
VALUES = st.one_of(st.text(), MARKS, st.sampled_from(HOSTILE))
SETTINGS = [
    "{}",
    "1{}",
    "Hello {}, welcome.",
    "**{}** joined",
    "- {}",
    "one\n{}",
    "{}. Then",
    "{}) x",
    "a{}b",
]


@settings(deadline=None)
@given(VALUES)
def test_a_cleaned_value_is_one_short_line_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 500
    assert cleaned == clean(cleaned)
    assert not re.search(r"\s\s|^\s|\s$|[\n\r\t\u2028]", cleaned)
    cleaned.encode("utf-8")


def test_cleaning_removes_control_and_direction_characters_and_keeps_every_letter_and_sign() -> (
    None
):
    joiners = {0x200C, 0x200D}
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        kept = clean(f"a{chr(code)}b") == f"a{chr(code)}b"
        if category[0] in "LNPS":
            assert kept, hex(code)
        elif category in {"Cc", "Cs"} or unicodedata.bidirectional(chr(code)) in {
            *("LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        }:
            assert not kept, hex(code)
    assert all(clean(f"a{chr(code)}b") == f"a{chr(code)}b" for code in joiners)


def test_a_value_that_is_cut_ends_in_an_ellipsis_and_not_in_half_a_character() -> None:
    assert clean("a" * 10, 5) == "aaaa…"
    assert clean("abc\u0301def", 5) == "abc\u0301…"
    assert clean("ab👩\u200d🔧x", 5) == "ab👩…"


@pytest.mark.parametrize("setting", SETTINGS)
@settings(deadline=None)
@given(value=VALUES)
def test_a_value_adds_no_markup_wherever_a_writer_puts_it(setting: str, value: str) -> None:
    value = clean(value)
    if not value:
        return
    shown = markdown(setting.format(hide(value)))
    assert shape(shown) == shape(markdown(setting.format(hide("Anna"))))
    without_marks = setting.replace("**", "").removeprefix("- ").replace("\n", "")
    assert visible(shown) == without_marks.format(value)


@settings(deadline=None)
@given(VALUES)
@example("[x](javascript:1)")
def test_no_client_that_ignores_backslashes_finds_a_link_mention_or_date_in_a_value(
    text: str,
) -> None:
    escaped = escape(clean(text))
    assert "](" not in escaped
    assert "{{" not in escaped
    assert not re.search(r"<\w+>", escaped)
    assert "://" not in escaped


def test_ordinary_names_are_not_touched_by_escaping() -> None:
    for name in ("O'Brien", "Anne-Marie Müller", "J. R. Smith (Berlin)", "R&D", "山田 太郎", "C3"):
        assert escape(name) == name


def test_a_value_after_an_angle_bracket_or_in_a_link_target_cannot_become_a_link() -> None:
    script = hide("javascript:alert(1)")
    assert "link_open" not in shape(markdown(f"<{script}>"))
    for text in (f"[x]({script})", f"[x](<{script}>)", f"[x]( {script})", f"[x]\n\n[x]: {script}"):
        assert "javascript:" not in markdown(text)


def test_a_value_that_runs_from_right_to_left_is_isolated_in_a_sentence_but_not_alone() -> None:
    name = hide("שרה")
    assert markdown(f"Hello {name}!") == "Hello \u2068שרה\u2069!"
    assert markdown(name) == "שרה"
    assert markdown(f"שלום {hide('Ana')}!", rtl=True) == "שלום \u2068Ana\u2069!"
    assert markdown(hide("Lunch?"), rtl=True) == "\u2068Lunch?\u2069"


def test_in_plain_text_from_right_to_left_a_value_is_isolated_but_an_id_stays_what_it_is() -> None:
    assert plain(f"שלום {hide('Ana')}!", rtl=True) == "שלום \u2068Ana\u2069!"
    assert plain(hide("profile"), rtl=True) == "profile"
    assert plain(f"Hello {hide('Ana')}!") == "Hello Ana!"


@pytest.mark.parametrize(
    "address",
    [
        "https://intranet.contoso.example/handbook",
        "https://contoso.example",
        "https://a-b.contoso.example:8443/x?y=1&z=%20#top",
        "https://xn--mller-kva.example/",
    ],
)
def test_an_https_address_with_a_real_host_is_kept(address: str) -> None:
    assert https_url(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://contoso.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "//contoso.example",
        "https://",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[broken",
        "https://good.example@evil.example/",
        "https://evil.example\\@good.example/",
        "https://contoso.example/a b",
        "https://contoso.example/\u202e",
        'https://contoso.example/"',
        "https://contoso.example:99999/",
        "https://münchen.example/",
        "https://-x.example/",
        "https://contoso.example/" + "a" * 2048,
        "",
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    assert https_url(address) is None


def test_a_value_within_an_address_is_encoded_and_can_never_choose_the_host() -> None:
    assert url(f"https://contoso.example/p/{hide('a/../b?c#d')}") == (
        "https://contoso.example/p/a%2F..%2Fb%3Fc%23d"
    )
    assert url(f"https://{hide('evil.example')}/") is None
    assert url(f"https://contoso.example{hide('.evil.example')}/") is None
    assert url(hide("https://contoso.example/x")) == "https://contoso.example/x"
    assert url(hide("javascript:alert(1)")) is None
    long = "https://contoso.example/" + "a" * 1500
    assert url(hide(long)) == long


def test_a_button_with_a_doubtful_address_is_left_out_and_so_is_a_set_without_buttons() -> None:
    good = {"type": "Action.OpenUrl", "title": "Go", "url": "https://contoso.example/"}
    bad = good | {"url": hide("javascript:alert(1)")}
    body = [{"type": "ActionSet", "actions": [bad]}, {"type": "ActionSet", "actions": [bad, good]}]
    card = {"type": "AdaptiveCard", "body": body, "actions": [bad]}
    assert reveal(card) == {
        "type": "AdaptiveCard",
        "body": [{"type": "ActionSet", "actions": [good]}],
    }


@settings(deadline=None)
@given(VALUES)
def test_a_value_in_data_or_in_a_button_title_arrives_exactly_as_it_is(text: str) -> None:
    token = hide(text)
    action = {"type": "Action.Submit", "title": f"To {token}", "data": {"url": token, "n": [token]}}
    shown = reveal({"type": "AdaptiveCard", "actions": [action]})["actions"][0]
    assert shown["data"] == {"url": clean(text, 2048), "n": [clean(text, 2048)]}
    assert shown["title"] == f"To {clean(text, 2048)}" == plain(f"To {token}")


def _context(value: str) -> dict[str, Any]:
    known = {"display_name": value, "given_name": value, "upn": value}
    return {
        "person": known
        | {"department": value, "job_title": value, "office": value, "x": {"x_a": value}}
        | {"manager": known, "buddy": known},
        "team": {"id": "19:team@thread.tacv2", "name": value},
        "channel": {"name": value},
        "batch": {"id": value, "name": value, "submitted_by": value},
        "trigger": {"kind": "team_join", "who": value},
        "app": {"name": value, "company": value, "hr_contact": value, "handbook_url": value},
        "text": value,
        "existing_count": 3,
    }


@pytest.mark.parametrize("locale", ["en", "ja", "ar"])
@settings(deadline=None)
@given(value=VALUES)
def test_no_name_changes_the_structure_or_the_markup_of_any_message(
    locale: str, value: str
) -> None:
    catalogue = shipped()
    if not clean(value, 120):
        return
    for name in catalogue.messages:
        hostile = render(catalogue, name, _context(value), locale)
        harmless = render(catalogue, name, _context("Anna"), locale)
        assert skeleton(hostile.card) == skeleton(harmless.card)
        pairs = zip(markdown_texts(hostile.card), markdown_texts(harmless.card), strict=True)
        for ours, plain_text in pairs:
            assert shape(ours) == shape(plain_text)
            assert visible(ours) == visible(plain_text).replace("Anna", clean(value, 120))
        assert hostile.summary == harmless.summary.replace("Anna", clean(value, 120))


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_names_are_seen_exactly_as_they_are_written(catalogue, value: str) -> None:
    rows = facts(render(catalogue, "welcome", _context(value), "en").card)
    assert rows == dict.fromkeys(("Team", "Department", "Manager", "Buddy"), value)
