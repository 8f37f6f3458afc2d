"""What a person meant by what they wrote, in the languages that the bot speaks."""

import re
import unicodedata
from enum import StrEnum


class Command(StrEnum):
    """What somebody can ask of the bot."""

    HELP = "help"
    WELCOME = "welcome"
    STOP = "stop"
    START = "start"
    WHO = "who"
    NEW_CONVERSATION = "newconversation"
    UNKNOWN = "unknown"


_SAID: dict[Command, dict[str, str]] = {
    Command.HELP: {
        "en": "help, hi, hello, hey, commands, menu, what can you do",
        "de": "hilfe, hallo, moin, servus, befehle, was kannst du",
        "es": "ayuda, hola, comandos, qué puedes hacer, qué sabes hacer",
        "fr": (
            "aide, aidez-moi, bonjour, bonsoir, salut, coucou, commandes, que sais-tu faire, "
            "que savez-vous faire, que peux-tu faire, que pouvez-vous faire"
        ),
        "pt": (
            "ajuda, oi, olá, bom dia, boa tarde, o que você sabe fazer, o que você faz, "
            "o que você pode fazer"
        ),
        "ja": (
            "ヘルプ, 助けて, 使い方, メニュー, コマンド, こんにちは, はじめまして, "
            "おはようございます, できること, 何ができる, 何ができますか"
        ),
        "ar": (
            "مساعدة, المساعدة, ساعدني, ساعديني, مرحبا, أهلا, أهلا وسهلا, السلام عليكم, أوامر, "
            "الأوامر, ماذا يمكنك أن تفعل, ماذا تفعل"
        ),
    },
    Command.WELCOME: {
        "en": "welcome, my welcome, show my welcome, show welcome",
        "de": "willkommen, begrüßung, meine begrüßung",
        "es": "bienvenida, mi bienvenida, bienvenido",
        "fr": "bienvenue, ma bienvenue, accueil, message d'accueil, mon message d'accueil",
        "pt": "boas-vindas, minhas boas-vindas, bem-vindo, bem-vinda",
        "ja": "ようこそ, 歓迎, 歓迎メッセージ, ウェルカム, ウェルカムメッセージ",
        "ar": "ترحيب, الترحيب, رسالة الترحيب",
    },
    Command.STOP: {
        "en": "stop, unsubscribe, opt out, quit",
        "de": "stopp, abmelden, abbestellen, aufhören",
        "es": "parar, para, detener, alto, basta, cancelar suscripción",
        "fr": "arrêter, arrête, arrêtez, arrêt, désabonner, me désabonner, me désinscrire",
        "pt": "pare, sair, cancelar, cancelar inscrição, descadastrar",
        "ja": "停止, 配信停止, ストップ, 止めて, 止めてください, やめて, やめてください, 解除",
        "ar": "إيقاف, إيقاف الرسائل, أوقف, أوقفي, توقف, توقفي, قف, كفى, إلغاء الاشتراك",
    },
    Command.START: {
        "en": "start, subscribe, opt in, resume",
        "de": "anmelden, starten",
        "es": "empezar, iniciar, comenzar, suscribirme",
        "fr": "reprendre, reprends, reprenez, commencer, démarrer, m'abonner, s'abonner",
        "pt": "retomar, recomeçar, começar, voltar, inscrever, assinar",
        "ja": "再開, 配信再開, 開始, スタート, 始める, 始めて",
        "ar": "استئناف, استئناف الرسائل, استأنف, استأنفي, ابدأ, ابدئي, بدء, اشتراك",
    },
    Command.WHO: {
        "en": "who are you, who is this, who, what are you, are you a bot, about",
        "de": "wer bist du, wer ist das, wer, was bist du, bist du ein bot",
        "es": "quién eres, quién es, quién, qué eres, eres un bot",
        "fr": "qui es-tu, qui êtes-vous, qui, tu es qui, c'est qui, es-tu un bot, êtes-vous un bot",
        "pt": "quem é você, quem és tu, quem é, quem, o que é você, você é um bot",
        "ja": (
            "自己紹介, 誰, 誰ですか, あなたは誰, あなたは誰ですか, だれ, だれですか, どなたですか, "
            "ボットですか, あなたはボットですか"
        ),
        "ar": "من أنت, من هذا, من, ما أنت, هل أنت روبوت, هل أنت بوت",
    },
}

# One word in two spellings: many write the Arabic letters on the left as those on the right, and
# the tatweel only makes a word longer.
_ALIKE = str.maketrans(
    {
        "\N{ARABIC LETTER TEH MARBUTA}": "\N{ARABIC LETTER HEH}",
        "\N{ARABIC LETTER ALEF MAKSURA}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC TATWEEL}": None,
    }
)


def understand(text: str) -> tuple[Command, str]:
    """The command and what follows it. Case, accents, punctuation and blanks do not matter.

    Only `newconversation` takes a rest (the topic); any other text is meant as a whole.
    """
    words = text.strip().split(maxsplit=1)
    if words and _plain(words[0]) == Command.NEW_CONVERSATION:
        return Command.NEW_CONVERSATION, words[1].strip() if len(words) > 1 else ""
    return _MEANING.get(_plain(text), Command.UNKNOWN), ""


def _plain(text: str) -> str:
    """The letters alone. Taking marks off also turns が into か and أ into ا, which is no name for
    anything; so whatever is compared must have gone through here."""
    bare = unicodedata.normalize("NFKD", text.casefold()).translate(_ALIKE)
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]", " ", letters).replace("_", " ").split())


_MEANING = {
    _plain(said): command
    for command, languages in _SAID.items()
    for words in languages.values()
    for said in words.split(",")
}
