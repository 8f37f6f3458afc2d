import re
from datetime import date, timedelta
from statistics import median
from time import process_time
from typing import Any

import pytest

from onboarding.domain.talk import Command, understand
from onboarding.errors import BadInput
from onboarding.messages import card as cards
from onboarding.messages.examples import EXAMPLES
from onboarding.messages.lint import lint, variables
from onboarding.messages.render import render
from onboarding.messages.text import lines
from tests.messages.conftest import TEMPLATES
from tests.messages.reading import facts, read

LOCALES = ("en", "de", "es", "fr", "pt", "ja", "ar")
ALL = (
    *("welcome", "team_welcome", "team_intro", "group_intro", "hello", "help", "who"),
    *("stopped", "started", "not_understood", "new_conversation", "welcome_again_none"),
    *("offer_existing", "existing_welcomed"),
)
JOINED = EXAMPLES["joined a team"]
LISTED = EXAMPLES["on HR's list"]
TODAY = date(2026, 3, 2)


def verbs(card: dict[str, Any]) -> list[str]:
    return [a["verb"] for a in cards.actions(card) if a["type"] == "Action.Execute"]


def test_every_message_is_there_and_lint_finds_nothing_in_them(catalogue) -> None:
    assert sorted(catalogue.messages) == sorted(ALL)
    assert lint(catalogue) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ALL)
def test_each_message_is_a_valid_card_for_everybody_in_every_language(
    catalogue, name: str, locale: str
) -> None:
    for context in EXAMPLES.values():
        shown = render(catalogue, name, context, locale)
        assert cards.problems(shown.card) == []
        assert (shown.card["version"], shown.card["lang"]) == ("1.5", locale)
        assert (shown.locale, shown.message) == (locale, name)
        assert shown.summary == shown.card["fallbackText"] != ""
        assert shown.card.get("rtl", False) is (locale == "ar")
        assert verbs(shown.card)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ALL)
def test_each_message_reads_well_in_every_language_however_little_is_known(
    catalogue, name: str, locale: str
) -> None:
    for example, context in EXAMPLES.items():
        shown = render(catalogue, name, context, locale)
        if "hostile" in example:
            continue
        for text in [shown.summary, *(line.text for line in lines(shown.card))]:
            assert "**" not in text, "bold has to end where no letter follows"
            assert not re.search(r"  | [,.。、،؟]|^[\s,.!。、،]|,[.!]", text)


@pytest.mark.parametrize("name", ALL)
def test_about_names_exactly_the_variables_that_the_message_reads(catalogue, name: str) -> None:
    texts = [t for f, t in catalogue.files.items() if f.startswith(f"{name}/")]
    read_here = {v for text in texts if "about" not in text for v in variables(text)}
    named = catalogue.messages[name].about.variables
    groups = {variable.rpartition(".")[0] for variable in named}
    parameters = {"title", "why", "step", "label", "hint"}
    shared = {"app.name", "app.company", "opted_out"}
    assert read_here - groups - parameters - shared <= set(named)
    assert set(named) - read_here <= shared | {"app.hr_contact"}


def test_the_welcome_names_the_person_the_team_and_who_added_them(catalogue) -> None:
    text = read(render(catalogue, "welcome", JOINED, "en").card)
    assert "Welcome, Ana!" in text
    assert "Kim Nguyen added you to Field service Iberia." in text
    assert "because you are new in Field service Iberia" in text


def test_the_welcome_of_a_batch_names_who_sent_it(catalogue) -> None:
    text = read(render(catalogue, "welcome", LISTED, "en").card)
    assert "Robin Meyer asked me to say hello on behalf of HR." in text
    unsigned = LISTED | {"batch": None}
    text = read(render(catalogue, "welcome", unsigned, "en").card)
    assert "The HR team asked me to say hello." in text


def test_the_welcome_shows_a_row_only_for_what_is_known(catalogue) -> None:
    assert facts(render(catalogue, "welcome", JOINED, "en").card) == {
        "Team": "Field service Iberia",
        "Department": "Field service",
        "Manager": "Jo Fraser",
        "Buddy": "Sam Okafor",
        "First day": "Monday, March 9, 2026 (in 7 days)",
    }
    assert facts(render(catalogue, "welcome", {}, "en").card) == {}
    only = {"person": {"department": "Finance", "manager": {"upn": "x@contoso.example"}}}
    assert facts(render(catalogue, "welcome", only, "en").card) == {"Department": "Finance"}


@pytest.mark.parametrize(
    ("days", "locale", "shown"),
    [
        (5, "en", "Saturday, March 7, 2026 (in 5 days)"),
        (1, "en", "Tuesday, March 3, 2026 (tomorrow)"),
        (0, "en", "Monday, March 2, 2026 (today)"),
        (-1, "en", "Sunday, March 1, 2026 (yesterday)"),
        (-3, "en", "Friday, February 27, 2026 (3 days ago)"),
        (0, "de", "Montag, 2. März 2026 (heute)"),
        (5, "de", "Samstag, 7. März 2026 (in 5 Tagen)"),
        (5, "es", "sábado, 7 de marzo de 2026 (dentro de 5 días)"),
        (5, "fr", "samedi 7 mars 2026 (dans 5 jours)"),
        (1, "fr", "mardi 3 mars 2026 (demain)"),
        (5, "pt", "sábado, 7 de março de 2026 (em 5 dias)"),
        (-3, "pt", "sexta-feira, 27 de fevereiro de 2026 (há 3 dias)"),
        (5, "ja", "2026年3月7日土曜日（5 日後）"),
        (0, "ja", "2026年3月2日月曜日（今日）"),
        (1, "ar", "الثلاثاء، 3 مارس 2026 (غدًا)"),
        (2, "ar", "الأربعاء، 4 مارس 2026 (خلال يومين)"),
        (5, "ar", "السبت، 7 مارس 2026 (خلال 5 أيام)"),
        (90, "en", "Sunday, May 31, 2026 (in 90 days)"),
    ],
)
def test_the_first_day_is_told_in_full_and_relative_to_today(
    catalogue, days: int, locale: str, shown: str
) -> None:
    context = {"person": {"start_date": TODAY + timedelta(days=days)}, "today": TODAY}
    rows = facts(render(catalogue, "welcome", context, locale).card)
    assert list(rows.values()) == [shown]


def test_a_first_day_long_ago_is_not_mentioned(catalogue) -> None:
    context = {"person": {"start_date": date(2019, 3, 4)}, "today": TODAY}
    assert facts(render(catalogue, "welcome", context, "en").card) == {}


def test_a_first_day_may_be_text_and_today_may_be_unknown(catalogue) -> None:
    context = {"person": {"start_date": "2026-03-09T00:00:00Z"}}
    rows = facts(render(catalogue, "welcome", context, "en").card)
    assert rows == {"First day": "Monday, March 9, 2026"}
    broken = {"person": {"start_date": "next week"}, "today": TODAY}
    assert facts(render(catalogue, "welcome", broken, "en").card) == {}


def test_each_open_step_has_a_button_and_a_done_one_a_check_mark(catalogue) -> None:
    card = render(catalogue, "welcome", JOINED, "en").card
    steps = [a["data"] for a in cards.actions(card) if a.get("verb") == "step"]
    assert steps == [
        {"verb": "step", "step": step, "done": True}
        for step in ("profile", "say_hello", "first_week")
    ]
    card = render(catalogue, "welcome", LISTED, "en").card
    assert [a["data"]["step"] for a in cards.actions(card) if a.get("verb") == "step"] == [
        "say_hello",
        "first_week",
    ]
    assert read(card).count("✓ Done") == 1


def test_when_all_steps_are_done_the_welcome_says_so(catalogue) -> None:
    done = EXAMPLES["all done, messages stopped"]
    card = render(catalogue, "welcome", done, "en").card
    assert "That is all three." in read(card)
    assert verbs(card) == ["help", "start"]


def test_every_button_tells_old_clients_the_same(catalogue) -> None:
    for name in ALL:
        for action in cards.actions(render(catalogue, name, JOINED, "en").card):
            if action["type"] == "Action.Execute":
                assert action["fallback"]["type"] == "Action.Submit"
                assert action["fallback"]["data"] == action["data"]
                assert action["data"]["verb"] == action["verb"]


def test_the_handbook_button_is_there_only_for_an_https_address(catalogue) -> None:
    def links(address: str | None) -> list[str]:
        card = render(catalogue, "welcome", {"app": {"handbook_url": address}}, "en").card
        return [a["url"] for a in cards.actions(card) if a["type"] == "Action.OpenUrl"]

    assert links("https://contoso.example/h") == ["https://contoso.example/h"]
    assert links("javascript:alert(1)") == links("http://contoso.example") == links(None) == []


@pytest.mark.parametrize("name", ["welcome", "team_welcome", "hello", "offer_existing"])
@pytest.mark.parametrize(
    ("locale", "word"),
    [
        *(("en", "stop"), ("de", "stopp"), ("es", "parar"), ("fr", "stop"), ("pt", "parar")),
        *(("ja", "停止"), ("ar", "إيقاف")),
    ],
)
def test_whatever_comes_unasked_says_how_to_stop_it(
    catalogue, name: str, locale: str, word: str
) -> None:
    card = render(catalogue, name, JOINED, locale).card
    assert re.search(rf"\b{word}\b", read(card))
    assert understand(word) == (Command.STOP, "")


@pytest.mark.parametrize("name", ["team_intro", "group_intro"])
def test_the_introduction_says_who_added_the_app_or_somebody(catalogue, name: str) -> None:
    assert "Kim Nguyen added me" in read(render(catalogue, name, JOINED, "en").card)
    assert "by somebody" in read(render(catalogue, name, {}, "en").card)


def test_the_introduction_names_the_team_and_what_happens_to_those_already_there(catalogue) -> None:
    said = {
        choice: read(render(catalogue, "team_intro", JOINED | {"existing_members": choice}).card)
        for choice in ("never", "ask", "always")
    }
    assert "I will not write to anyone who is already here." in said["never"]
    assert "only if the person who added me asks" in said["ask"]
    assert "Everyone who is already here gets one" in said["always"]
    assert all("Hello, Field service Iberia" in text for text in said.values())
    assert all("Whoever joins from now on" in text for text in said.values())


def test_help_offers_stop_or_start_and_in_a_team_nothing_personal(catalogue) -> None:
    def buttons(context: dict[str, Any]) -> list[str]:
        return verbs(render(catalogue, "help", context, "en").card)

    assert buttons({}) == ["welcome", "stop", "who"]
    assert buttons({"opted_out": True}) == ["welcome", "start", "who"]
    assert buttons({"team": {"id": "19:x@thread.tacv2"}}) == ["who"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("opted_out", [True, False])
def test_the_bot_understands_every_word_that_help_names(
    catalogue, locale: str, opted_out: bool
) -> None:
    card = render(catalogue, "help", {"opted_out": opted_out}, locale).card
    words = re.findall(r"\*\*(.+?)\*\*", str(card["body"]))
    last = Command.START if opted_out else Command.STOP
    assert [understand(word)[0] for word in words] == [Command.WELCOME, last, Command.WHO]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("name", "back"), [("stopped", "start"), ("started", "stop")])
def test_stopping_and_starting_each_offer_the_way_back(
    catalogue, name: str, back: str, locale: str
) -> None:
    card = render(catalogue, name, {}, locale).card
    assert verbs(card)[0] == back
    (word,) = re.findall(r"\*\*(.+?)\*\*", str(card["body"]))
    assert understand(word)[0] == back


def test_the_answer_to_unknown_words_does_not_repeat_them(catalogue) -> None:
    card = render(catalogue, "not_understood", JOINED | {"text": "open sesame"}, "en").card
    assert "sesame" not in str(card)
    assert "people@contoso.example" in read(card)


def test_a_new_conversation_has_the_topic_as_its_heading_and_says_who_asked(catalogue) -> None:
    text = read(render(catalogue, "new_conversation", JOINED, "en").card)
    assert "Lunch on Thursday?" in text
    assert "Kim Nguyen asked me" in text
    assert "Somebody in this team" in read(render(catalogue, "new_conversation", {}, "en").card)


def test_the_offer_counts_the_people_and_its_button_names_the_team(catalogue) -> None:
    shown = render(catalogue, "offer_existing", JOINED, "en")
    assert "There are 12 people already in the team." in read(shown.card)
    accept, decline = cards.actions(shown.card)
    team = "19:field-service@thread.tacv2"
    assert accept["data"] == {"verb": "welcome_existing", "team": team}
    assert decline["data"] == {"verb": "dismiss", "team": team}
    one = read(render(catalogue, "offer_existing", JOINED | {"existing_count": 1}, "en").card)
    assert "There is 1 person already in the team." in one


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "شخص واحد"),
        (2, "شخصان"),
        (3, "3 أشخاص"),
        (10, "10 أشخاص"),
        (11, "11 شخصًا"),
        (99, "99 شخصًا"),
        (100, "100 شخص"),
        (103, "103 أشخاص"),
    ],
)
def test_people_are_counted_in_arabic_as_its_grammar_asks(catalogue, count: int, said: str) -> None:
    context = JOINED | {"existing_count": count}
    assert f"في الفريق {said} بالفعل." in read(
        render(catalogue, "offer_existing", context, "ar").card
    )
    told = read(render(catalogue, "existing_welcomed", context, "ar").card)
    assert said.replace("شخصان", "شخصين") in told


def test_a_japanese_colleague_is_called_by_their_whole_name_and_politely(catalogue) -> None:
    card = render(catalogue, "welcome", JOINED, "ja").card
    assert facts(card)["上司"] == "Jo Fraserさん"
    assert "バディのSam Okaforさんに挨拶しましょう" in read(card)
    assert "Anaさん、ようこそ" in read(card)
    assert "ようこそ！👋" in read(render(catalogue, "welcome", {}, "ja").card).splitlines()


def test_who_tells_that_it_is_a_bot_who_runs_it_and_what_it_knows(catalogue) -> None:
    text = read(render(catalogue, "who", JOINED, "en").card)
    for part in ("a bot", "Contoso runs me", "What I know about you", "erased", "stop"):
        assert part in text


@pytest.mark.parametrize("locale", LOCALES)
def test_the_worst_names_keep_the_welcome_below_the_limit(catalogue, locale: str) -> None:
    wide = "😀*" * 300
    known = {"display_name": wide, "given_name": wide}
    context = JOINED | {
        "person": known | {"department": wide, "manager": known, "buddy": known},
        "team": {"id": wide, "name": wide},
        "trigger": {"kind": "team_join", "who": wide},
        "app": {"name": wide, "company": wide, "hr_contact": wide},
        "text": wide,
    }
    for name in ALL:
        assert cards.weight(render(catalogue, name, context, locale).card) < cards.MOST_BYTES


def test_an_unknown_message_is_refused_with_the_names_that_there_are(catalogue) -> None:
    with pytest.raises(BadInput, match=r"welcom'.*welcome"):
        render(catalogue, "welcom", {}, "en")


def test_a_card_is_rendered_in_about_a_millisecond(catalogue) -> None:
    def once() -> float:
        began = process_time()
        render(catalogue, "welcome", JOINED, "de")
        return process_time() - began

    assert min(median(once() for _ in range(30)) for _ in range(5)) < 0.003


def test_the_readme_has_every_variable_and_every_message(catalogue) -> None:
    from onboarding.messages.variables import VARIABLES

    text = (TEMPLATES / "README.md").read_text("utf-8")
    leaves = {v for v in VARIABLES if not any(o.startswith(f"{v}.") for o in VARIABLES)}
    missing = {v for v in leaves - {"person.x"} if f"`{v}`" not in text}
    assert missing == set()
    assert "`person.x.…`" in text
