"""What a writer should mend in the templates before anybody receives them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

from onboarding.errors import BadInput
from onboarding.messages import card, sandbox
from onboarding.messages.catalogue import SHARED, Catalogue, Message
from onboarding.messages.examples import EXAMPLES
from onboarding.messages.render import Rendered, render
from onboarding.messages.safety import https_url
from onboarding.messages.variables import COLUMNS, STAND_INS, VARIABLES
from onboarding.messages.words import PLURALS, Line, Lines

_HELPERS = frozenset({"t", "button", "date", "relative", "loop"})
_MARKDOWN = re.compile(r"\*\*|\]\(|(?<!\w)_\w")
_LINK = re.compile(r"\]\(\s*<?([^)\s>]*)")
_VALUE = re.compile(r"\{\{.*?\}\}", re.S)
_LINK_IN_CARD = re.compile(r'"(?:url|iconUrl)"\s*:\s*"(?!\{\{)([^"]*)"')


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend: `file` below the template folder, `line` from 1, what and how."""

    file: str
    line: int
    problem: str
    remedy: str


def lint(catalogue: Catalogue) -> list[Finding]:
    """Everything to mend in the catalogue, by file and line; empty when all is well."""
    found = set(_shelf(catalogue, SHARED, catalogue.shared))
    for name, message in catalogue.messages.items():
        found |= set(_shelf(catalogue, name, message.words))
        found |= set(_about(catalogue, message))
        found |= set(_promises(catalogue, message))
        found |= set(_rendered(catalogue, message))
    for file, text in catalogue.files.items():
        if file.endswith(".j2"):
            found |= set(_structure(catalogue, file, text))
    return sorted(found)


def variables(source: str) -> dict[str, int]:
    """Every variable that a template reads, by full name, with the first line that does."""
    tree = sandbox.for_words().parse(source)
    local = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    chains: list[nodes.Getattr | nodes.Getitem] = [
        *tree.find_all(nodes.Getattr),
        *tree.find_all(nodes.Getitem),
    ]
    inner = {id(node.node) for node in chains}
    found: dict[str, int] = {}
    for node in [*tree.find_all(nodes.Name), *chains]:
        path = "" if id(node) in inner else _path(node)
        if path and path.split(".")[0] not in _HELPERS | local:
            found.setdefault(path, node.lineno)
    return found


def keys(source: str) -> dict[str, int]:
    """Every key of words that a structure asks for by name, with its line."""
    tree = sandbox.for_words().parse(source)
    return {
        call.args[0].value: call.lineno
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
        and call.node.name == "t"
        and call.args
        and isinstance(call.args[0], nodes.Const)
    }


def _path(node: nodes.Node) -> str:
    """`person.manager.upn` for such a chain; empty for what cannot be told beforehand."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        start = _path(node.node)
        return f"{start}.{node.attr}" if start else ""
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        start = _path(node.node)
        return f"{start}.{node.arg.value}" if start else ""
    return ""


def _unknown(names: Mapping[str, int], file: str, first: int) -> Iterator[Finding]:
    for name, at in names.items():
        if name not in VARIABLES and not name.startswith(f"{COLUMNS}."):
            near = get_close_matches(name, VARIABLES, 1)
            remedy = f"Did you mean {near[0]}?" if near else "See the table in templates/README.md."
            yield Finding(file, first + at - 1, f"There is no variable {name}.", remedy)


def _shelf(catalogue: Catalogue, name: str, shelf: Mapping[str, Lines]) -> Iterator[Finding]:
    """The words of one folder: each line by itself, and each language against the default."""
    model = shelf[catalogue.default_locale]
    for tag, lines in shelf.items():
        for line in lines.values():
            yield from _unknown(variables(line.source), line.file, line.number)
            yield from _links(line)
        if lines is not model:
            yield from _differences(model, lines, f"{name}/words/{tag}.toml")
    for tag in catalogue.shared:
        if tag not in shelf:
            file = f"{name}/words/{catalogue.default_locale}.toml"
            problem = f"There are no words in {tag} for this message."
            yield Finding(file, 1, problem, f"Add {name}/words/{tag}.toml.")


def _links(line: Line) -> Iterator[Finding]:
    for target in _LINK.findall(line.source):
        if "{" in target or not https_url(target):
            problem = f"The link in {line.key} does not lead to a fixed https address."
            yield Finding(line.file, line.number, problem, "Write it out, or use a button.")
    if re.search(r"<\s*\{\{", line.source):
        problem = f"In {line.key} a value stands directly after <."
        yield Finding(line.file, line.number, problem, "Leave the < out.")


def _differences(model: Lines, lines: Lines, file: str) -> Iterator[Finding]:
    wanted, given = _by_key(model), _by_key(lines)
    for key in wanted.keys() - given.keys():
        yield Finding(file, 1, f"The line {key} is missing.", "Add it, in this language.")
    for key in given.keys() - wanted.keys():
        at = given[key][0].number
        yield Finding(file, at, f"No other language has {key}.", "Correct the name or remove it.")
    for key in wanted.keys() & given.keys():
        here, there = _placeholders(given[key]), _placeholders(wanted[key])
        if odd := ", ".join(sorted(_unmatched(here, there))):
            problem = f"{key} does not use the same variables as the default language: {odd}."
            yield Finding(file, given[key][0].number, problem, "Use the same in both.")


def _by_key(lines: Lines) -> dict[str, list[Line]]:
    """The lines by key, all grammatical numbers of one thing together."""
    found: dict[str, list[Line]] = defaultdict(list)
    for key, line in lines.items():
        stem, _, last = key.rpartition(".")
        found[stem if stem and last in PLURALS else key].append(line)
    return found


def _placeholders(lines: Iterable[Line]) -> set[str]:
    return {name for line in lines for name in variables(line.source)}


def _unmatched(here: set[str], there: set[str]) -> Iterator[str]:
    """What only one of two languages uses. By which of their two names a person is called is a
    matter of manners, so there the one may stand for the other."""
    for name in here ^ there:
        stem, _, last = name.rpartition(".")
        stand_in = f"{stem}.{STAND_INS.get(last, last)}"
        if stand_in not in (there if name in here else here):
            yield name


def _about(catalogue: Catalogue, message: Message) -> Iterator[Finding]:
    named = dict.fromkeys(message.about.variables, 1)
    yield from _unknown(named, f"{message.name}/about.toml", 1)


def _promises(catalogue: Catalogue, message: Message) -> Iterator[Finding]:
    """A summary always; the reason and the way out in whatever nobody asked for."""
    default = catalogue.default_locale
    words_file = f"{message.name}/words/{default}.toml"
    if "summary" not in message.words[default]:
        problem = "There is no summary, so the notification would be empty."
        yield Finding(words_file, 1, problem, 'Add summary = "…".')
    if message.about.occasion != "unasked":
        return
    said = {key.split(".")[0] for key in _keys_with_includes(catalogue, message)}
    for key, what in (("why", "why one gets it"), ("stop", "how to stop it")):
        if key not in said:
            problem = f"It does not say {what}."
            remedy = f"Show t('{key}'), or include shared/footer.json.j2."
            yield Finding(f"{message.name}/card.json.j2", 1, problem, remedy)


def _keys_with_includes(catalogue: Catalogue, message: Message) -> set[str]:
    waiting, seen, found = [f"{message.name}/card.json.j2"], set[str](), set[str]()
    while waiting:
        file = waiting.pop()
        if file in seen or file not in catalogue.files:
            continue
        seen.add(file)
        found |= keys(catalogue.files[file]).keys()
        tree = sandbox.for_words().parse(catalogue.files[file])
        for include in tree.find_all(nodes.Include):
            if isinstance(include.template, nodes.Const):
                waiting.append(include.template.value)
    return found


def _structure(catalogue: Catalogue, file: str, text: str) -> Iterator[Finding]:
    try:
        used, asked = variables(text), keys(text)
    except TemplateSyntaxError as error:
        yield Finding(file, error.lineno, str(error.message), "Mend the template.")
        return
    given = {"title", "why", "step", "label", "hint"} if _is_part(file) else set[str]()
    yield from _unknown({name: at for name, at in used.items() if name not in given}, file, 1)
    yield from _dead_keys(catalogue, file, asked)
    for link in _LINK_IN_CARD.finditer(text):
        if not https_url(_VALUE.sub("x", link[1])):
            at = text.count("\n", 0, link.start()) + 1
            problem = f"{link[1]} is not an https address."
            yield Finding(file, at, problem, "Only https links are shown in Teams.")


def _is_part(file: str) -> bool:
    return not file.endswith("/card.json.j2")


def _dead_keys(catalogue: Catalogue, file: str, asked: Mapping[str, int]) -> Iterator[Finding]:
    folder, default = file.split("/")[0], catalogue.default_locale
    message = catalogue.messages.get(folder)
    if message is None:
        return
    there = _by_key(message.words[default]) | _by_key(catalogue.shared[default])
    for key, at in asked.items():
        if key not in there and key not in message.words[default]:
            yield Finding(file, at, f"There are no words {key}.", f"Add {key} to the words.")


def _rendered(catalogue: Catalogue, message: Message) -> Iterator[Finding]:
    """What shows only in the finished card, over all languages and examples."""
    file = f"{message.name}/card.json.j2"
    for tag in message.words:
        for example, context in EXAMPLES.items():
            try:
                shown = render(catalogue, message.name, context, tag)
            except BadInput as error:
                yield Finding(file, 1, f"{error.problem} ({tag}, {example})", error.remedy)
                continue
            for problem in card.problems(shown.card):
                yield Finding(file, 1, f"{problem} ({tag}, {example})", "Mend the structure.")
            yield from _plain_places(shown, f"{message.name}/words/{tag}.toml", example)


def _plain_places(shown: Rendered, file: str, example: str) -> Iterator[Finding]:
    if "hostile" in example:
        return
    titles = [str(action.get("title", "")) for action in card.actions(shown.card)]
    for text in (shown.summary, *titles):
        if _MARKDOWN.search(text):
            problem = f"Markdown would show as it is in {text!r}."
            yield Finding(file, 1, problem, "Notifications and buttons know no bold and no links.")
