"""The Teams window in a real browser, on a running simulator, with a bot of the test's own."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession, TCPConnector, web

from tests.simulator.conftest import DEFAULTS
from tests.simulator.office import CARD_TYPE, Office, tls_context

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
expect = playwright.expect

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
if not Path(CHROMIUM).exists():
    pytest.skip(f"no browser at {CHROMIUM} (CHROMIUM names another)", allow_module_level=True)

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def text(words: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": words, "wrap": True, **look}


def execute(title: str, verb: str, **data: Any) -> dict[str, Any]:
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": {"verb": verb, **data}}


def step(number: int, title: str, words: str) -> dict[str, Any]:
    done = {"type": "ActionSet", "actions": [execute("Done", "step", step=number)]}
    return {
        "type": "ColumnSet",
        "spacing": "medium",
        "columns": [
            {
                "type": "Column",
                "width": "24px",
                "verticalContentAlignment": "center",
                "items": [text(str(number), size="large", weight="bolder", color="accent")],
            },
            {
                "type": "Column",
                "width": "stretch",
                "items": [text(title, weight="bolder"), text(words, size="small", isSubtle=True)],
            },
            {
                "type": "Column",
                "width": "auto",
                "verticalContentAlignment": "center",
                "items": [done],
            },
        ],
    }


def card(body: list[dict[str, Any]], *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": body, "actions": [*actions], **more}


def welcome_card(name: str) -> dict[str, Any]:
    """A card as long and as varied as a real welcome."""
    band = {
        "type": "Container",
        "style": "accent",
        "bleed": True,
        "items": [
            text("CONTOSO · ONBOARDING", size="small", weight="bolder", color="accent"),
            text(f"Welcome, {name}!", size="extraLarge", weight="bolder", style="heading"),
            text("You joined **Engineering**, and Megan Shaw added you.", spacing="small"),
        ],
    }
    facts = [
        ("Team", "Engineering"),
        ("Manager", "Vitória Gonçalves"),
        ("Buddy", "Grady Walker"),
        ("First day", "Monday, 30 November (in 7 days)"),
    ]
    return card(
        [
            band,
            {"type": "FactSet", "facts": [{"title": one, "value": two} for one, two in facts]},
            text("Three small steps for your first week", weight="bolder", separator=True),
            step(1, "Say hello", "A line about yourself is enough."),
            step(2, "Meet your buddy", "Thirty minutes, coffee included."),
            step(
                3, "Set up your laptop", "See [the list](https://handbook.contoso.example/laptop)."
            ),
            text("You get this because you are new here. I am a bot.", size="small", isSubtle=True),
        ],
        execute("What can you do?", "help") | {"style": "positive"},
        {"type": "Action.OpenUrl", "title": "Handbook", "url": "https://handbook.contoso.example/"},
        execute("Stop these messages", "stop"),
        lang="en",
    )


def message_with(content: dict[str, Any], summary: str) -> dict[str, Any]:
    attachment = {"contentType": CARD_TYPE, "content": content}
    return {"type": "message", "summary": summary, "attachments": [attachment]}


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 5) -> None:
    """Wait for what happens beside the page."""
    for _ in range(round(seconds / 0.02)):
        if await true():
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"still not so after {seconds} s")


@dataclass(slots=True)
class Listener:
    """A bot that answers invokes by `answers` (verb to body) and remembers what it heard."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        activity = await request.json()
        self.heard.append(activity)
        if activity["type"] != "invoke":
            return web.Response()
        return web.json_response(self.answers[activity["value"]["action"]["verb"]])

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [activity for activity in self.heard if activity["type"] == kind]


@dataclass
class Teams(Office):
    """The office with a bot, and the addresses of the window."""

    bot: Listener = field(default_factory=Listener)

    @property
    def window(self) -> str:
        return str(self.line["window"])

    def link(self, kind: str, key: str) -> str:
        return f"{self.window}#{kind}/{quote(key, safe='')}"

    async def send_card(self, person: dict[str, Any], content: Any, summary: str) -> str:
        """A card into the person's chat; its activity id."""
        chat = (await self.open_chat(person["id"])).body["id"]
        sent = await self.send(chat, message_with(content, summary))
        assert sent.status == 201, sent
        return str(sent.body["id"])

    async def newcomer(self) -> dict[str, Any]:
        """Somebody ordinary who has the app."""
        person = (await self.ordinary())[0]
        await self.act("install_personal", person["id"])
        return person

    async def welcomed(self) -> dict[str, Any]:
        """A newcomer with one welcome card."""
        person = await self.newcomer()
        await self.send_card(person, welcome_card(person["given_name"]), "Welcome to Contoso")
        return person


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def listener() -> AsyncIterator[Listener]:
    made, app = Listener(), web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    app.router.add_post("/api/messages", made.take)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="module")
async def teams(simulator: dict[str, Any], listener: Listener) -> AsyncIterator[Teams]:
    """The simulator as if just started."""
    listener.heard.clear()
    listener.answers.clear()
    connector = TCPConnector(ssl=tls_context(simulator["ca_file"]))
    async with ClientSession(connector=connector) as session:
        made = Teams(simulator, session, bot=listener)
        await made.control("POST", "/reset", {"company": True})
        await made.control("PUT", "/settings", DEFAULTS)
        await made.control("PUT", "/bot", {"endpoint": listener.url})
        yield made
        await made.control("PUT", "/bot", {"endpoint": None})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    async with playwright.async_playwright() as started:
        opened = await started.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield opened
        await opened.close()


OpenPage = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Any, teams: Teams) -> AsyncIterator[OpenPage]:
    """Opens pages; at the end no page may have complained or asked another origin for anything."""
    complaints: list[str] = []
    origin = urlsplit(teams.window).netloc
    contexts = []

    async def opened(
        link: str, width: int = 1280, height: int = 800, colours: str = "light"
    ) -> Any:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=colours,
            reduced_motion="reduce",
            locale="en-GB",
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console",
            lambda line: (
                complaints.append(line.text) if line.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.extend(_foreign(asked.url, origin)))
        await page.goto(link)
        await expect(page.locator("#line")).to_have_text("Live")
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert complaints == []


def _foreign(url: str, origin: str) -> list[str]:
    parts = urlsplit(url)
    return [] if parts.scheme == "data" or parts.netloc == origin else [f"asked {url}"]


async def test_a_card_that_the_bot_sends_appears_in_the_open_chat(
    teams: Teams, open_page: OpenPage
) -> None:
    person = (await teams.ordinary())[0]
    page = await open_page(teams.link("person", person["id"]))
    await page.get_by_role("button", name="Install the app").click()
    await expect(page.get_by_label("Write to the bot")).to_be_visible()

    await teams.send_card(person, welcome_card(person["given_name"]), "Welcome to Contoso")

    shown = page.locator(".ac-card")
    await expect(shown.get_by_role("heading")).to_have_text(f"Welcome, {person['given_name']}!")
    await expect(shown.locator("dd").nth(1)).to_have_text("Vitória Gonçalves")
    await expect(shown.get_by_role("link", name="the list")).to_have_attribute(
        "href", "https://handbook.contoso.example/laptop"
    )
    assert [one["action"] for one in teams.bot.of_type("installationUpdate")] == ["add"]
    await expect(page.locator("#counts")).to_contain_text("1 person with a welcome")


async def test_a_pressed_button_reaches_the_bot_and_its_answer_replaces_the_card(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.welcomed()
    answer = card([text("Step 2 is done")], execute("Back", "welcome"))
    teams.bot.answers["step"] = {"statusCode": 200, "type": CARD_TYPE, "value": answer}
    page = await open_page(teams.link("person", person["id"]))

    await page.get_by_role("button", name="Done").nth(1).click()

    await expect(page.locator(".ac-card")).to_have_text("Step 2 is doneBack")
    invoke = teams.bot.of_type("invoke")[0]
    assert invoke["value"]["action"]["data"] == {"verb": "step", "step": 2}
    assert invoke["from"]["aadObjectId"] == person["id"]


async def test_what_the_bot_answers_instead_of_a_card_stands_beneath_it(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.welcomed()
    error = {"code": "Busy", "message": "Please wait a little."}
    teams.bot.answers["stop"] = {
        "statusCode": 500,
        "type": "application/vnd.microsoft.error",
        "value": error,
    }
    teams.bot.answers["help"] = {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": "Just ask.",
    }
    page = await open_page(teams.link("person", person["id"]))

    await page.get_by_role("button", name="Stop these messages").click()
    await expect(page.locator(".ac-status")).to_have_text("Please wait a little. (Busy)")
    await page.get_by_role("button", name="What can you do?").click()
    await expect(page.locator(".ac-status")).to_have_text("Just ask.")
    await expect(page.get_by_role("heading", name="Welcome, ")).to_be_visible()


async def test_inputs_are_checked_and_sent_with_the_button(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.newcomer()
    asked = {
        "type": "Input.Text",
        "id": "call_me",
        "label": "What shall we call you?",
        "isRequired": True,
        "errorMessage": "Please write a name.",
    }
    days = {
        "type": "Input.ChoiceSet",
        "id": "days",
        "label": "Days",
        "isMultiSelect": True,
        "choices": [{"title": "Monday", "value": "mon"}, {"title": "Friday", "value": "fri"}],
    }
    save = {"type": "Action.Submit", "title": "Save", "data": {"verb": "save"}}
    await teams.send_card(person, card([asked, days], save), "A question")
    page = await open_page(teams.link("person", person["id"]))

    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Please write a name.")).to_be_visible()
    assert teams.bot.of_type("message") == []
    await page.get_by_label("What shall we call you?").fill("Ada")
    await page.get_by_label("Monday").check()
    await page.get_by_label("Friday").check()
    await page.get_by_role("button", name="Save").click()

    await expect(page.locator(".ac-card")).not_to_have_attribute("aria-busy", "true")
    values = [one["value"] for one in teams.bot.of_type("message")]
    assert values == [{"verb": "save", "call_me": "Ada", "days": "mon,fri"}]


async def test_what_teams_does_not_know_gives_way_to_its_fallback(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.newcomer()
    newer = {"requires": {"adaptiveCards": "1.6"}, "fallback": text("For older Teams")}
    body = [
        {"type": "Chart", "fallback": {"type": "Gauge", "fallback": text("In words")}},
        text("For newer Teams") | newer,
        {"type": "Sparkline", "fallback": "drop"},
        {"type": "Carousel"},
    ]
    await teams.send_card(person, card(body, {"type": "Action.Http", "title": "Call"}), "Odd")
    page = await open_page(teams.link("person", person["id"]))

    shown = page.locator(".ac-card .ac-el")
    await expect(shown).to_have_text(
        ["In words", "For older Teams", "Teams cannot show “Carousel”."]
    )
    await expect(page.get_by_role("button", name="Call")).to_be_disabled()


async def test_cards_inside_cards_and_hidden_parts_open_and_close(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.newcomer()
    inner = card([text("Inside")])
    toggle = {"type": "Action.ToggleVisibility", "title": "Toggle", "targetElements": ["more"]}
    body = [text("Hidden at first", id="more", isVisible=False)]
    content = card(body, {"type": "Action.ShowCard", "title": "Open", "card": inner}, toggle)
    await teams.send_card(person, content, "Parts")
    page = await open_page(teams.link("person", person["id"]))

    for button, hidden in (("Open", "Inside"), ("Toggle", "Hidden at first")):
        await expect(page.get_by_text(hidden, exact=True)).to_be_hidden()
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_text(hidden, exact=True)).to_be_visible()
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_text(hidden, exact=True)).to_be_hidden()


async def test_the_seventh_button_stands_behind_more(teams: Teams, open_page: OpenPage) -> None:
    person = await teams.newcomer()
    await teams.send_card(
        person, card([text("Many")], *(execute(f"Button {n}", "help") for n in range(1, 8))), "Many"
    )
    page = await open_page(teams.link("person", person["id"]))
    await expect(page.get_by_role("button", name="Button 6")).to_be_visible()
    await expect(page.get_by_role("button", name="Button 7")).to_be_hidden()
    await page.get_by_role("button", name="More actions").click()
    await expect(page.get_by_role("button", name="Button 7")).to_be_visible()


async def test_only_a_mention_that_the_card_declares_is_one(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.newcomer()
    mentioned = {"id": person["teams_id"], "name": "Ada"}
    entity = {"type": "mention", "text": "<at>Ada</at>", "mentioned": mentioned}
    content = card([text("<at>Ada</at> and <at>Bob</at>")], msteams={"entities": [entity]})
    await teams.send_card(person, content, "Mentions")
    page = await open_page(teams.link("person", person["id"]))
    await expect(page.locator(".ac-text")).to_have_text("Ada and <at>Bob</at>")
    await expect(page.locator(".ac-card .mention")).to_have_text(["Ada"])


async def test_a_card_of_a_right_to_left_language_runs_from_right_to_left(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.newcomer()
    await teams.send_card(person, card([text("ברוכה הבאה")], lang="he", rtl=True), "ברוכה הבאה")
    await teams.send_card(person, card([text("ליאל, welcome")], lang="en"), "Welcome")
    page = await open_page(teams.link("person", person["id"]))
    looks = "(one) => [getComputedStyle(one).direction, getComputedStyle(one).textAlign]"
    right, left = page.locator(".ac-card").nth(0), page.locator(".ac-card").nth(1)
    assert (await right.evaluate(looks))[0] == "rtl"
    assert (await left.evaluate(looks))[0] == "ltr"


async def test_hostile_names_and_texts_stay_text(teams: Teams, open_page: OpenPage) -> None:
    hostile = (await teams.people("planted=hostile"))[0]
    await teams.act("install_personal", hostile["id"])
    attack = '<img src=x onerror="document.title=1"> [click](javascript:alert(1)) <at>everyone</at>'
    facts = [{"title": attack, "value": attack}]
    button = execute(attack, "help")
    bad_link = {"type": "Action.OpenUrl", "title": "Look", "url": "javascript:alert(1)"}
    odd = [{"type": "constructor"}, {"type": "__proto__", "fallback": text("Instead")}]
    body = [text(attack), {"type": "FactSet", "facts": facts}, *odd]
    await teams.send_card(hostile, card(body, button, bad_link), attack)
    await teams.act("write", hostile["id"], text=attack)
    page = await open_page(teams.link("person", hostile["id"]))

    await expect(page.locator(".ac-text").first).to_have_text(attack)
    await expect(page.locator(".own .bubble")).to_have_text(attack)
    await expect(page.locator(".talk-title h2")).to_have_text(hostile["display_name"])
    await expect(page.get_by_role("button", name="Look")).to_be_disabled()
    await expect(page.get_by_text("Teams cannot show “constructor”.")).to_be_visible()
    await expect(page.get_by_text("Instead")).to_be_visible()
    assert await page.locator("main img, main script, main a[href^='javascript']").count() == 0


async def test_an_unread_message_brings_a_badge_and_a_toast_that_lead_to_it(
    teams: Teams, open_page: OpenPage
) -> None:
    page = await open_page(teams.window)
    person = await teams.welcomed()
    row = page.locator(f'[data-key="person/{person["id"]}"]')

    await expect(page.locator(".toast")).to_contain_text("Welcome to Contoso")
    await expect(row.locator(".badge")).to_contain_text("1")
    first = page.locator(".list .row").first
    await expect(first).to_have_attribute("data-key", f"person/{person['id']}")
    await page.locator(".toast a").click()
    await expect(page.get_by_role("heading", name="Welcome, ")).to_be_visible()
    await expect(row).to_have_attribute("aria-current", "page")
    await expect(row.locator(".badge")).to_have_count(0)


async def test_updated_and_deleted_messages_are_marked(teams: Teams, open_page: OpenPage) -> None:
    person = await teams.newcomer()
    first = await teams.send_card(person, card([text("First")]), "First")
    second = await teams.send_card(person, card([text("Second")]), "Second")
    page = await open_page(teams.link("person", person["id"]))
    await expect(page.locator(".ac-card")).to_have_count(2)

    chat = (await teams.open_chat(person["id"])).body["id"]
    path = f"conversations/{quote(chat, safe='')}/activities"
    await teams.connector("PUT", f"{path}/{first}", message_with(card([text("Anew")]), "Anew"))
    await expect(page.locator(f'[data-id="{first}"]')).to_contain_text("Updated")
    await expect(page.locator(f'[data-id="{first}"] .ac-card')).to_have_text("Anew")
    await teams.connector("DELETE", f"{path}/{second}")
    await expect(page.get_by_text("This message was deleted.")).to_be_visible()


async def test_a_person_writes_to_the_bot(teams: Teams, open_page: OpenPage) -> None:
    person = await teams.newcomer()
    page = await open_page(teams.link("person", person["id"]))

    await page.get_by_label("Write to the bot").fill("hello <b>there</b>")
    await page.keyboard.press("Enter")

    await expect(page.locator(".own .bubble")).to_have_text("hello <b>there</b>")
    await expect(page.get_by_label("Write to the bot")).to_have_value("")
    assert [one["text"] for one in teams.bot.of_type("message")] == ["hello <b>there</b>"]


async def test_the_app_and_people_are_added_to_a_team_from_its_menu(
    teams: Teams, open_page: OpenPage
) -> None:
    team = await teams.team("Engineering Apps")
    page = await open_page(teams.window)
    await page.get_by_role("button", name="Teams", exact=True).click()
    await page.get_by_role("button", name=f"What to do with {team['name']}").click()
    await page.get_by_role("menuitem", name="Add the app to this team…").click()
    await page.get_by_role("button", name="Add the app").click()
    await expect(page.get_by_text("App added")).to_be_visible()
    added = teams.bot.of_type("installationUpdate")[0]
    assert added["channelData"]["team"]["id"] == team["id"]
    assert added["from"]["aadObjectId"] == team["owners"][0]

    await page.get_by_role("button", name=f"What to do with {team['name']}").click()
    await page.get_by_role("menuitem", name="Add people…").click()
    newcomers = page.get_by_role("group", name="New members")
    await newcomers.get_by_role("checkbox").nth(0).check()
    await newcomers.get_by_role("checkbox").nth(1).check()
    await page.get_by_role("button", name="Add them").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    row = page.locator(".team", has=page.get_by_text(team["name"], exact=True))
    await expect(row).to_contain_text(f"{team['members'] + 2} members")

    async def joined() -> bool:
        told = teams.bot.of_type("conversationUpdate")
        return [len(one["membersAdded"]) for one in told if "29:" in str(one["membersAdded"])] == [
            2
        ]

    await until(joined)


async def test_a_channel_shows_threads_and_a_mention_reaches_the_bot(
    teams: Teams, open_page: OpenPage
) -> None:
    team = await teams.team("Engineering Apps")
    channel = team["channels"][1]
    page = await open_page(teams.link("channel", channel["id"]))
    adding = page.get_by_role("button", name="Add the app")
    await adding.click()
    await page.get_by_role("dialog").get_by_role("button", name="Add the app").click()
    await expect(adding).to_have_count(0)
    body = {
        "isGroup": True,
        "tenantId": teams.line["tenant_id"],
        "channelData": {"channel": {"id": channel["id"]}},
        "activity": message_with(card([text("Hello, team")]), "Hello"),
    }
    await teams.connector("POST", "conversations", body)
    await expect(page.locator(".thread .ac-card")).to_have_text("Hello, team")

    await page.get_by_role("button", name="Reply").click()
    await page.get_by_label("Write a reply").fill("thank you")
    await page.keyboard.press("Enter")
    await expect(page.locator(".thread .message")).to_have_count(2)
    await page.get_by_label("Start a post").fill("just us")
    await page.locator(".talk-foot").get_by_role("checkbox").uncheck()
    await page.get_by_label("Start a post").press("Enter")
    await expect(page.locator(".thread")).to_have_count(2)

    heard = teams.bot.of_type("message")
    assert len(heard) == 1
    assert heard[0]["conversation"]["id"].startswith(f"{channel['id']};messageid=")
    assert heard[0]["text"] == "<at>Onboarding</at> thank you"


async def test_a_group_chat_is_made_with_the_app_in_it(teams: Teams, open_page: OpenPage) -> None:
    page = await open_page(teams.window)
    await page.get_by_role("button", name="New group chat with the app").click()
    await page.get_by_role("group", name="People").get_by_role("checkbox").nth(3).check()
    await page.get_by_role("group", name="Who adds the app").get_by_role("radio").nth(5).check()
    await page.get_by_role("button", name="Create").click()

    await expect(page.locator(".talk-title p")).to_have_text("2 people")
    await page.get_by_label("Write to the group").fill("hello")
    await page.keyboard.press("Enter")
    await expect(page.locator(".own .bubble")).to_have_text("@Onboarding hello")
    assert teams.bot.of_type("message")[0]["conversation"]["conversationType"] == "groupChat"


async def test_a_fault_switch_makes_trouble_and_ends_it(teams: Teams, open_page: OpenPage) -> None:
    person = await teams.newcomer()
    page = await open_page(teams.link("person", person["id"]))
    await page.get_by_role("button", name="Faults").click()
    await page.get_by_label("New switches only for").check()
    await page.get_by_role("switch", name="Blocked by the person").click()
    await expect(page.get_by_role("switch", name="Blocked by the person")).to_be_checked()

    async def rules() -> list[tuple[int, str]]:
        items = (await teams.control("GET", "/faults"))["items"]
        return [(one["status"], one["person"]) for one in items]

    async def in_force() -> bool:
        return await rules() == [(403, person["id"])]

    async def over() -> bool:
        return await rules() == []

    await until(in_force)

    await page.get_by_role("switch", name="Blocked by the person").click()
    await expect(page.get_by_role("switch", name="Blocked by the person")).not_to_be_checked()
    await until(over)


async def test_the_events_drawer_shows_what_the_bot_was_told_and_how_it_answered(
    teams: Teams, open_page: OpenPage
) -> None:
    person = (await teams.ordinary())[0]
    page = await open_page(teams.link("person", person["id"]))
    await page.get_by_role("button", name="Events").click()
    await teams.act("install_personal", person["id"])
    event = page.locator(".event", has_text="installationUpdate")
    await expect(event.locator(".status")).to_have_text("200")
    await expect(event).to_contain_text(person["display_name"])


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
async def test_nothing_is_wider_than_the_screen(
    teams: Teams, open_page: OpenPage, width: int
) -> None:
    person = (await teams.people("planted=long"))[0]
    await teams.act("install_personal", person["id"])
    await teams.send_card(person, welcome_card(person["given_name"]), "Welcome")
    team = await teams.team("Engineering Apps")
    links = (
        teams.window,
        teams.link("person", person["id"]),
        teams.link("channel", team["channels"][1]["id"]),
    )
    for link in links:
        page = await open_page(link, width, 700)
        await expect(page.locator(".row, .ac-card, .talk-title").first).to_be_attached()
        wide = await page.evaluate(
            """[...document.querySelectorAll('html, .list, .log, .ac-card, .talk-head, .box')]
               .filter((one) => one.scrollWidth > one.clientWidth + 1)
               .map((one) => one.className)"""
        )
        assert wide == []


async def test_a_phone_shows_list_and_conversation_one_at_a_time(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.welcomed()
    page = await open_page(teams.window, 360, 700)
    await expect(page.locator(".talk")).to_be_hidden()
    await page.locator(f'[data-key="person/{person["id"]}"]').click()
    await expect(page.locator(".side")).to_be_hidden()
    await expect(page.get_by_role("heading", name="Welcome, ")).to_be_visible()
    await page.get_by_role("link", name="Back to the list").click()
    await expect(page.locator(".side")).to_be_visible()


async def test_the_theme_follows_the_system_until_somebody_chooses(
    teams: Teams, open_page: OpenPage
) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = await open_page(teams.window)
    dark = await open_page(teams.window, colours="dark")
    before = await dark.evaluate(background)
    assert before != await light.evaluate(background)
    await dark.get_by_role("button", name="Use the light theme").click()
    assert await dark.evaluate(background) == await light.evaluate(background)
    await dark.reload()
    assert await dark.evaluate(background) == await light.evaluate(background)


async def test_the_keyboard_alone_leads_to_a_chat_and_through_a_menu(
    teams: Teams, open_page: OpenPage
) -> None:
    person = await teams.welcomed()
    page = await open_page(teams.window)
    await page.get_by_role("searchbox").focus()
    await page.keyboard.type(person["display_name"])
    await expect(page.locator(".list .row").first).to_contain_text(person["display_name"])
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Welcome, ")).to_be_visible()

    await page.get_by_role("button", name="Teams", exact=True).press("Enter")
    opener = page.get_by_role("button", name="What to do with").first
    await page.get_by_role("searchbox").fill("")
    await opener.press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem").nth(1)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(opener).to_be_focused()


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_an_accessibility_check_finds_nothing(
    teams: Teams, open_page: OpenPage, colours: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright")
    person = await teams.welcomed()
    await teams.act("write", person["id"], text="hello")
    team = await teams.team("Engineering Apps")
    await teams.act("install_to_team", team["owners"][0], team=team["id"])
    links = (
        teams.link("person", person["id"]),
        teams.link("channel", team["id"]),
        teams.window,
    )
    for link in links:
        page = await open_page(link, colours=colours)
        await expect(page.locator(".row, .team").first).to_be_visible()
        await page.get_by_role("button", name="Faults").click()
        await expect(page.get_by_role("switch").first).to_be_visible()
        found = await axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


MARKDOWN = {
    "**bold** and _it_": "<strong>bold</strong> and <em>it</em>",
    "**a *b* c**": "<strong>a <em>b</em> c</strong>",
    "***both***": "<em><strong>both</strong></em>",
    "snake_case_name, 2 * 3 * 4": "snake_case_name, 2 * 3 * 4",
    r"\*\*plain\*\* \[x\](y) \<b\>": "**plain** [x](y) &lt;b&gt;",
    "&lt;b&gt; &#42; &bogus;": "&lt;b&gt; * &amp;bogus;",
    "[a](http://x.example)": "[a](http://x.example)",
    "[a](javascript:alert(1))": "[a](javascript:alert(1))",
    "one\ntwo": "one two",
    "one\n\ntwo": "<p>one</p><p>two</p>",
    "- a\r- **b**": "<ul><li>a</li><li><strong>b</strong></li></ul>",
    "3. a\n4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    r"1\. no list": "1. no list",
    "**open": "**open",
    "<script>x</script>": "&lt;script&gt;x&lt;/script&gt;",
}


async def test_markdown_is_the_part_that_teams_understands(
    teams: Teams, open_page: OpenPage
) -> None:
    page = await open_page(teams.window)
    drawn = await page.evaluate(
        """async (sources) => {
             const { markdown } = await import('/markdown.js');
             return sources.map((source) => {
               const box = document.createElement('div');
               box.append(markdown(source));
               return box.innerHTML;
             });
           }""",
        list(MARKDOWN),
    )
    assert dict(zip(MARKDOWN, drawn, strict=True)) == MARKDOWN
