"""What a checker and a ruler say of the screen that is shown."""

from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page

from scripts.pagewalk.browser import Fisher

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """One screen as it was found."""

    name: str
    broken: list[str]
    targets: list[tuple[float, str]]
    """The shorter side in pixels and the name of each thing to touch, with the screen it is on."""
    beyond_px: int
    beyond_large_px: int


async def look(person: Fisher, name: str) -> Looks:
    """Look at the screen that is shown."""
    return Looks(
        name=name,
        broken=[f"{name}: {each}" for each in await violations(person)],
        targets=[(side_px, f"{each}, {name}") for side_px, each in await touch_targets(person.page)],
        beyond_px=await overflow_px(person),
        beyond_large_px=await overflow_px(person, "200%"),
    )


async def violations(person: Fisher) -> list[str]:
    """Return each breach of WCAG 2.2 AA that axe finds, with the element it is about."""
    page, before = person.page, list(person.complaints)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("(rules) => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES)
    # The checker tries styles of its own, which our policy forbids.
    own = [each for each in person.complaints if "Applying inline style" not in each]
    person.complaints[:] = before + own[len(before) :]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def touch_targets(page: Page) -> list[tuple[float, str]]:
    """Return the shorter side in pixels and the name of whatever on the screen can be touched."""
    return [(float(side_px), str(name)) for side_px, name in await page.evaluate(_TARGETS)]


async def overflow_px(person: Fisher, text_size: str = "100%") -> int:
    """Return how far the page is wider than the screen, with the letters at this size."""
    await person.enlarge(text_size)
    beyond = int(await person.page.evaluate(_OVERFLOW))
    await person.enlarge("100%")
    return beyond


_TARGETS = """() => [...document.querySelectorAll('button, a, input, textarea, label.choice')]
  .filter((each) => each.checkVisibility())
  .map((each) => [each.getBoundingClientRect(), each.textContent.trim() || each.className])
  .map(([box, name]) => [Math.min(box.width, box.height), name])"""

_OVERFLOW = "Math.max(0, document.documentElement.scrollWidth - innerWidth)"
