"""What people meant by what they wrote."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.domain import talk
from onboarding.domain.talk import Command, understand

SAID = {
    Command.HELP: (
        *("help", "Hilfe", "ayuda", "hi", "Hello!", "Hola", "what can you do?", "menu"),
        *("Bonjour !", "Que savez-vous faire ?", "Olá!", "ajuda", "ヘルプ", "こんにちは。"),
        *("مساعدة", "السلام عليكم", "ماذا يمكنك أن تفعل؟"),
    ),
    Command.WELCOME: (
        *("welcome", "show my welcome", "Willkommen", "Begrüßung", "mi bienvenida"),
        *("bienvenue", "mon message d’accueil", "boas-vindas", "ようこそ！", "ترحيب"),
    ),
    Command.STOP: (
        *("stop", "STOP!", "Stopp.", "unsubscribe", "abmelden", "parar", "opt-out", "aufhören"),
        *("arrêtez", "cancelar inscrição", "停止", "やめてください。", "إيقاف", "إلغاء الاشتراك"),
    ),
    Command.START: (
        *("start", "subscribe", "opt in", "anmelden", "empezar"),
        *("reprendre", "m'abonner", "retomar", "再開", "スタート", "استئناف", "ابدأ"),
    ),
    Command.WHO: (
        *("who are you?", "Wer bist du?", "¿Quién eres?", "are you a bot"),
        *("Qui êtes-vous ?", "Quem é você?", "自己紹介", "あなたは誰ですか？", "من أنت؟"),
    ),
}


@pytest.mark.parametrize(
    ("command", "text"), [(command, text) for command, texts in SAID.items() for text in texts]
)
def test_people_are_understood_in_seven_languages(command: Command, text: str) -> None:
    assert understand(text) == (command, "")


def test_every_command_can_be_given_in_every_language_and_no_word_gives_two() -> None:
    meanings: dict[str, set[Command]] = {}
    for command, languages in talk._SAID.items():
        assert list(languages) == ["en", "de", "es", "fr", "pt", "ja", "ar"]
        for word in ",".join(languages.values()).split(","):
            meanings.setdefault(talk._plain(word), set()).add(command)
            assert understand(word) == (command, "")
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}
    assert all(meanings)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ﾍﾙﾌﾟ", Command.HELP),  # half width, as old systems write it
        (unicodedata.normalize("NFD", "ヘルプ"), Command.HELP),
        (unicodedata.normalize("NFD", "あなたは誰ですか"), Command.WHO),
        ("　停止　", Command.STOP),
        ("「停止」", Command.STOP),
        ("ＳＴＯＰ", Command.STOP),
    ],
)
def test_japanese_is_understood_however_it_is_encoded(text: str, command: Command) -> None:
    assert understand(text) == (command, "")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ايقاف", Command.STOP),  # without the hamza
        ("إيقَاف", Command.STOP),  # with a vowel sign
        ("إيـقـاف", Command.STOP),  # drawn out
        (unicodedata.normalize("NFD", "إيقاف"), Command.STOP),
        ("‏إيقاف‏", Command.STOP),  # between direction marks
        ("مساعده", Command.HELP),  # with the other last letter
        ("من انت", Command.WHO),
        ("مَن أنتِ؟", Command.WHO),
        ("أهلًا", Command.HELP),
    ],
)
def test_arabic_is_understood_however_it_is_spelt(text: str, command: Command) -> None:
    assert understand(text) == (command, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "?!",
        "please do not stop",
        "help me stop this",
        "where is my laptop",
        "stop it, Contoso",
        "👋",
        "newconversations",
        "ｎｏ",
        "stop を止めて",
        "لا توقف شيئا",
        "je ne veux pas arrêter",
    ],
)
def test_whatever_else_is_said_is_not_guessed_at(text: str) -> None:
    assert understand(text) == (Command.UNKNOWN, "")


@pytest.mark.parametrize(
    "text", ["STOP", " stop ", "s t o p".replace(" ", ""), "stop!!!", "“stop”", "stop\n", "_stop_"]
)
def test_case_blanks_and_punctuation_do_not_matter(text: str) -> None:
    assert understand(text) == (Command.STOP, "")


def test_accents_may_be_left_out_or_composed_either_way() -> None:
    composed, decomposed = "quién eres", "quie\u0301n eres"
    for text in (composed, decomposed, "quien eres", "QUIÉN ERES"):
        assert understand(text) == (Command.WHO, "")


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("newconversation", ""),
        ("NewConversation  Kick-off on Monday ", "Kick-off on Monday"),
        ("newconversation\nfirst line\nsecond", "first line\nsecond"),
        ("newconversation: Topic", "Topic"),
        ("newconversation stop", "stop"),
    ],
)
def test_only_a_new_conversation_takes_the_rest_as_its_topic(text: str, topic: str) -> None:
    assert understand(text) == (Command.NEW_CONVERSATION, topic)


@given(st.text(max_size=200))
def test_any_text_at_all_means_something_and_never_fails(text: str) -> None:
    command, rest = understand(text)
    assert command in Command
    assert rest == "" or command is Command.NEW_CONVERSATION


@given(
    st.sampled_from([(c, t) for c, texts in SAID.items() for t in texts]),
    st.text(alphabet=" .,!?…\t\n", max_size=5),
    st.text(alphabet=" .,!?…\t\n", max_size=5),
)
def test_what_stands_around_a_command_is_ignored(
    said: tuple[Command, str], before: str, after: str
) -> None:
    command, text = said
    assert understand(before + text.upper() + after)[0] == command
