from typing import Any

import pytest

from onboarding.messages.card import actions, problems

TEXT = {"type": "TextBlock", "text": "Hello"}
SUBMIT = {"type": "Action.Submit", "title": "Go", "data": {"verb": "go"}}
EXECUTE = {
    "type": "Action.Execute",
    "title": "Go",
    "verb": "go",
    "data": {"verb": "go"},
    "fallback": SUBMIT,
}
TOGGLE = {"type": "Action.ToggleVisibility", "title": "More", "targetElements": ["more"]}
CHOICES = [{"title": "One", "value": "1"}]
CHOOSE = {"type": "Input.ChoiceSet", "id": "q", "label": "Which?", "value": "", "choices": CHOICES}
OPEN = {"type": "Action.OpenUrl", "title": "Open", "url": "https://contoso.example/"}
IMAGE = {"type": "Image", "url": "https://contoso.example/x.png", "altText": "A door"}
ASK = {"type": "Input.Text", "id": "why", "label": "Why?"}


def card(*body: Any, **more: Any) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": [TEXT, *body], **more}


@pytest.mark.parametrize(
    "good",
    [
        card(actions=[EXECUTE, OPEN]),
        card(IMAGE, ASK, lang="de", rtl=True, msteams={"width": "Full"}),
        card({"type": "FactSet", "facts": [{"title": "a", "value": "b"}]}),
        card({"type": "ColumnSet", "columns": [{"width": "stretch", "items": [TEXT]}]}),
        card({"type": "ColumnSet", "columns": [{"type": "Column", "width": 2, "items": [TEXT]}]}),
        card({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "x"}]}),
        card({"type": "Container", "style": "accent", "bleed": True, "items": [TEXT]}),
        card({**TEXT, "id": "more", "isVisible": False}, actions=[TOGGLE]),
        card(actions=[{"type": "Action.ShowCard", "title": "Ask", "card": card(ASK)}]),
        card(CHOOSE),
    ],
)
def test_a_good_card_has_no_problems(good: dict[str, Any]) -> None:
    assert problems(good) == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ({"type": "Card"}, "not an object of type AdaptiveCard"),
        ([], "not an object of type AdaptiveCard"),
        (card(version="1.6"), "card.version: is '1.6'"),
        ({"type": "AdaptiveCard", "version": "1.5"}, "needs body"),
        (card({"type": "Table"}), "holds Table"),
        (card({"text": "no type"}), "an object without type"),
        (card("words"), "no object"),
        (card({"type": "TextBlock"}), "card.body[1]: TextBlock needs text"),
        (card({**TEXT, "text": " "}), "card.body[1].text: is not text"),
        (card({**TEXT, "text": "a\ufdd061\ufdd1"}), "holds a hidden value"),
        (card({**TEXT, "color": "red"}), "is 'red' and not one of"),
        (card({**TEXT, "colour": "good"}), "TextBlock has no colour"),
        (card({**TEXT, "wrap": "true"}), "card.body[1].wrap: is not true or false"),
        (card({"type": "Image", "url": IMAGE["url"]}), "Image needs altText"),
        (card({**IMAGE, "url": "http://contoso.example/x.png"}), "is not an https address"),
        (card({**IMAGE, "altText": ""}), "card.body[1].altText: is not text"),
        (card({"type": "Input.Text", "id": "x"}), "Input.Text needs label"),
        (card(ASK, ASK), "card.body[2].id: why is there twice"),
        (card({"type": "FactSet", "facts": [{"title": "a"}]}), "Fact needs value"),
        (card({"type": "ActionSet", "actions": []}), "is not a list with something in it"),
        (card(actions=[OPEN] * 7), "has 7 actions, more than 6"),
        (card({"type": "ActionSet", "actions": [OPEN] * 7}), "has 7 actions, more than 6"),
        (card(actions=[{**OPEN, "url": "javascript:alert(1)"}]), "is not an https address"),
        (card(actions=[{**EXECUTE, "verb": ""}]), "card.actions[0].verb: is not text"),
        (card(actions=[{**EXECUTE, "verb": "stop"}]), "its verb is not the verb of the action"),
        (card(actions=[{**EXECUTE, "data": {}}]), "does not hold a verb"),
        (card(actions=[{k: v for k, v in EXECUTE.items() if k != "fallback"}]), "needs fallback"),
        (
            card(actions=[{**EXECUTE, "fallback": {**SUBMIT, "data": {"verb": "other"}}}]),
            "its data is not the data of the action",
        ),
        (
            card(
                actions=[{**EXECUTE, "fallback": {"type": "Action.Submit", "data": {"verb": "go"}}}]
            ),
            "card.actions[0].fallback: Action.Submit needs title",
        ),
        (card(actions=[{**TOGGLE, "targetElements": [{"elementId": "gone"}]}]), "there is no gone"),
        (card(*[{**TEXT, "text": "x" * 1000}] * 30), "bytes are more than 28672"),
        (
            card({"type": "Container", "items": [{"type": "Container", "items": [{"type": "X"}]}]}),
            "card.body[1].items[0].items[0]: X is not used",
        ),
    ],
)
def test_a_bad_card_is_told_what_is_wrong_and_where(bad: Any, problem: str) -> None:
    assert any(problem in found for found in problems(bad)), problems(bad)


def test_actions_are_listed_wherever_they_stand_and_fallbacks_are_not() -> None:
    inner = {"type": "ActionSet", "actions": [EXECUTE]}
    column = {"items": [inner]}
    nested = card({"type": "ColumnSet", "columns": [column]}, actions=[OPEN])
    assert [action["type"] for action in actions(nested)] == ["Action.Execute", "Action.OpenUrl"]
