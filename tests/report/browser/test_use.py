"""The page in use: by keyboard, by its address, on paper, without its script, and by somebody who means ill."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from reconciler.model.lists import Campaign
from reconciler.report.formats import render
from tests.report import morning, samples
from tests.report.browser.conftest import Opener

pytestmark = pytest.mark.slow

PLAN = render("html", morning.PLAN)
MANY_ADOPTED = render(
    "html",
    samples.planned(
        samples.environment(
            "prod",
            samples.RENAME,
            *(replace(samples.ADOPTED, key=f"list-{number}", id=samples.list_id(number)) for number in range(30)),
        )
    ),
)
EVERY = 12


def shown(page: Page) -> list[str]:
    """Return the entries that can be seen, in their order, by their anchors."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.entry')].filter((e) => e.checkVisibility()).map((e) => e.id)"
    )
    return found


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this name or id has the focus, as one who has no mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.id") == name:
            return
    pytest.fail(f"{name} cannot be reached")


def fragment(page: Page) -> str:
    return page.url.partition("#")[2]


def test_what_matters_stands_on_top(opened: Opener) -> None:
    page = opened(PLAN)
    expect(page.get_by_role("heading", level=1)).to_contain_text("6 renames, 2 of them of lists that campaigns use.")
    assert shown(page)[:3] == ["prod/renewal-due", "prod/winback", "prod/vip"]
    assert len(shown(page)) == EVERY
    expect(page.get_by_role("status")).to_have_text("12 shown")


@pytest.mark.parametrize(
    ("name", "typed", "kept", "address"),
    [
        ("find", "renewals", ["prod/renewal-due"], "find=renewals"),
        ("find", "MAY june", ["prod/renewal-due", "dev/renewal-due", "prod/welcome-call"], "find=MAY+june"),
        (
            "env",
            "dev",
            ["dev/renewal-due", "dev/winback", "dev/welcome-call", "dev/payment-reminder"],
            "env=dev",
        ),
        ("what", "New", ["prod/payment-reminder", "dev/payment-reminder"], "what=descriptions"),
        ("why", "no longer", ["prod/fair-2025"], "why=removed"),
    ],
)
def test_every_filter_by_keyboard(opened: Opener, name: str, typed: str, kept: list[str], address: str) -> None:
    page = opened(PLAN)
    tab_to(page, name)
    page.keyboard.type(typed)
    assert shown(page) == kept
    expect(page.get_by_role("status")).to_have_text(f"{len(kept)} of 12 shown")
    assert fragment(page) == address
    page.reload()
    assert shown(page) == kept
    tab_to(page, name)
    page.keyboard.press("Tab")
    page.locator("button[type=reset]").press("Enter")
    expect(page.get_by_role("status")).to_have_text("12 shown")
    assert fragment(page) == ""


@pytest.mark.parametrize(
    ("typed", "renames"),
    [
        ("list", ["dev/renewal-due", "prod/vip", "dev/welcome-call", "dev/winback"]),
        ("environment", ["dev/renewal-due", "dev/winback", "dev/welcome-call", "prod/vip"]),
        ("place", ["dev/renewal-due", "dev/winback", "prod/vip", "dev/welcome-call"]),
    ],
)
def test_sorting_by_keyboard_keeps_the_risky_first(opened: Opener, typed: str, renames: list[str]) -> None:
    page = opened(PLAN)
    before = shown(page)
    tab_to(page, "sort")
    page.keyboard.type(typed)
    assert shown(page)[:6] == [*before[:2], *renames]
    page.keyboard.press("Home")
    assert shown(page) == before


def test_folding_by_keyboard(opened: Opener) -> None:
    page = opened(PLAN)
    page.locator("#blocked summary").focus()
    page.keyboard.press("Enter")
    assert "prod/welcome-call" not in shown(page)
    page.keyboard.press("Space")
    assert "prod/welcome-call" in shown(page)
    tab_to(page, "fold")
    page.keyboard.press("Space")
    assert shown(page) == []
    expect(page.locator("#fold")).to_have_text("Unfold all")
    page.keyboard.press("Space")
    assert len(shown(page)) == EVERY


def test_what_is_folded_already_can_be_unfolded(opened: Opener) -> None:
    page = opened(MANY_ADOPTED)
    expect(page.locator("#fold")).to_have_text("Fold all")
    page.locator("details[open] summary").press("Enter")
    expect(page.locator("#fold")).to_have_text("Unfold all")
    page.locator("#fold").press("Enter")
    assert len(shown(page)) == 31


def test_nothing_that_fits_has_a_way_back(opened: Opener) -> None:
    page = opened(PLAN)
    tab_to(page, "find")
    page.keyboard.type("nowhere to be found")
    assert shown(page) == []
    page.get_by_role("button", name="Show all").press("Enter")
    expect(page.get_by_role("status")).to_have_text("12 shown")
    assert len(shown(page)) == EVERY
    assert page.evaluate("document.activeElement.name") == "find"


def test_a_link_to_a_list_leads_there_whatever_is_filtered_or_folded(opened: Opener) -> None:
    page = opened(MANY_ADOPTED, fragment="#prod/list-29")
    expect(page.locator("[id='prod/list-29']")).to_be_in_viewport()
    page = opened(PLAN, fragment="#env=dev&sort=key")
    assert {name.split("/")[0] for name in shown(page)} == {"dev"}
    page.evaluate("location.hash = '#prod/vip'")
    expect(page.locator("[id='prod/vip']")).to_be_in_viewport()
    assert len(shown(page)) == EVERY
    page.locator("[id='prod/vip'] h4 a").press("Enter")
    assert fragment(page) == "prod/vip"


def test_an_address_without_a_filter_has_none(opened: Opener) -> None:
    page = opened(PLAN, fragment="#env=dev")
    assert len(shown(page)) < EVERY
    page.evaluate("location.hash = ''")
    expect(page.get_by_role("status")).to_have_text("12 shown")
    assert len(shown(page)) == EVERY


def test_a_filter_opens_what_was_folded(opened: Opener) -> None:
    page = opened(MANY_ADOPTED)
    assert shown(page) == ["prod/renewal-due"]
    tab_to(page, "find")
    page.keyboard.type("list-29")
    assert shown(page) == ["prod/list-29"]


def test_without_its_script_the_page_is_whole(opened: Opener) -> None:
    page = opened(PLAN, java_script_enabled=False)
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator(".entry:visible")).to_have_count(EVERY)
    page.locator("#blocked summary").click()
    expect(page.locator(".entry:visible")).to_have_count(EVERY - 1)
    page.locator(".counts a", has_text="new descriptions").click()
    expect(page.locator("#descriptions")).to_be_in_viewport()
    page = opened(MANY_ADOPTED, java_script_enabled=False, fragment="#prod/list-29")
    expect(page.locator("[id='prod/list-29']")).to_be_in_viewport()


def test_on_paper_everything_is_unfolded_and_nothing_is_a_control(opened: Opener) -> None:
    page = opened(MANY_ADOPTED, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#filters")).to_be_hidden()
    assert len(shown(page)) == 31
    assert page.locator("body").evaluate("(e) => getComputedStyle(e).color") == "rgb(26, 30, 38)"
    pages = page.pdf(format="A4").count(b"/Type /Page\n")
    assert 3 <= pages <= 8


def test_on_paper_a_part_says_that_it_is_one(opened: Opener) -> None:
    page = opened(PLAN, fragment="#env=dev")
    after = "getComputedStyle(document.querySelector('#lists > h2'), '::after').content"
    assert page.evaluate(after) == "none"
    page.emulate_media(media="print")
    assert page.evaluate(after) == '": 4 of 12 shown"'
    page.evaluate("location.hash = ''")
    expect(page.get_by_role("status", include_hidden=True)).to_have_text("12 shown")
    assert page.evaluate(after) == "none"


def test_light_and_dark(opened: Opener) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    assert opened(PLAN, color_scheme="light").evaluate(ground) == "rgb(245, 246, 248)"
    assert opened(PLAN, color_scheme="dark").evaluate(ground) == "rgb(18, 21, 26)"


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2000])
@pytest.mark.parametrize("subject", ["plan", "result", "drift", "foul"])
def test_nothing_sticks_out_at_any_width(opened: Opener, width: int, subject: str) -> None:
    long = replace(samples.RENAME, key="k" * 200, after={"name": "W" * 48}, warnings=("w" * 300,))
    documents = {
        "plan": PLAN,
        "result": render("html", morning.RESULT),
        "drift": render("html", morning.DRIFT),
        "foul": render("html", samples.planned(samples.FOUL, samples.environment("e" * 60, long))),
    }
    page = opened(documents[subject], viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_changed_is_said_not_only_coloured(opened: Opener) -> None:
    page = opened(PLAN)
    said = page.locator("[id='prod/winback']").aria_snapshot()
    assert "removed: Spring" in said
    assert "added: Summer" in said
    lines = "(e) => getComputedStyle(e).textDecorationLine"
    assert page.locator("del").first.evaluate(lines) == "line-through"
    assert page.locator("ins").first.evaluate(lines) == "underline"


PAYLOADS = [
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    '"><svg onload=window.ran=1>',
    "</style><style>body{display:none}</style>",
    "javascript:window.ran=1",
    "{{ 7 * 7 }}${window.ran=1}",
    "\x1b[31m\u202egnihtyna\u2028\x00",
    "__proto__",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_do_nothing_shown_typed_or_in_the_address(opened: Opener, payload: str) -> None:
    texts = {"name": payload}, {"name": f"{payload}!"}
    change = replace(samples.RENAME, key=payload, before=texts[0], after=texts[1], warnings=(payload,))
    of = samples.environment(
        payload, change, samples.RENAME_IN_USE, campaigns={change.id: (Campaign(payload, payload),)}
    )
    page = opened(render("html", samples.planned(of, samples.environment("prod", samples.ADOPTED))))
    tab_to(page, "find")
    page.keyboard.type(payload)
    page.reload()
    page.evaluate("(text) => { location.hash = '#find=' + text }", payload)
    page.evaluate("(text) => { location.hash = '#' + text }", payload)
    page.locator("[name=env]").select_option(index=1)
    page.wait_for_timeout(50)
    assert page.evaluate("window.ran") is None
    assert page.locator("script, style, img, svg").count() == 3


def test_the_browser_refuses_what_is_not_the_pages_own(opened: Opener, heard: list[str]) -> None:
    page = opened(PLAN)
    page.evaluate("""() => {
      window.refused = [];
      addEventListener("securitypolicyviolation", (event) => window.refused.push(event.effectiveDirective));
    }""")
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = 1";
      const image = document.createElement("img");
      image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
      const link = document.createElement("a");
      link.setAttribute("onclick", "window.ran = 1");
      document.body.append(script, image, link);
      link.click();
    }""")
    page.wait_for_function("window.refused.length >= 3")
    assert page.evaluate("window.ran") is None
    assert set(page.evaluate("window.refused")) == {"script-src-elem", "img-src", "script-src-attr"}
    assert len(heard) == 3
    heard.clear()


def test_a_list_is_found_by_its_live_name(opened: Opener) -> None:
    page = opened(PLAN)
    page.get_by_role("searchbox").fill("payment reminder first")
    assert shown(page) == ["prod/payment-reminder", "dev/payment-reminder"]


def test_on_a_phone_a_table_is_whole_or_shows_that_it_goes_on(opened: Opener) -> None:
    page = opened(PLAN, viewport={"width": 390, "height": 844})
    for table in page.locator(".wide").all():
        hidden, hint = table.evaluate(
            "(e) => [e.scrollWidth - e.clientWidth, getComputedStyle(e).backgroundAttachment]"
        )
        assert hidden <= 0 or "local" in hint
    assert page.locator(".wide:has(.stacked)").evaluate("(e) => e.scrollWidth <= e.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
