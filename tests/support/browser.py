"""A real browser for tests of pages: Chromium without a network, and what it is asked about a page.

Tests take the fixture `browser` of conftest.py: Playwright can be started once.
"""

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    "--disable-background-networking",
)
CONTRASTS = """
(selector) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((one) => {
      const share = one / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      const shown = parts(colour);
      if (shown.length === 3 || shown[3] === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const speaks = (element) =>
    [...element.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
  return [...document.querySelectorAll(selector)].filter(speaks).map((element) => {
    const style = getComputedStyle(element);
    const ink = light(element.closest("svg") ? style.fill : style.color);
    const page = light(behind(element));
    const ratio = (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
    return [ratio, element.textContent.trim().slice(0, 40)];
  });
}
"""


def started(stack):
    """Start Chromium; skip where there is none, or fail if LABELING_NO_SKIPS is set."""
    path = os.environ.get("LABELING_CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        _missing("playwright is not installed")
    if path is None:
        _missing("there is no Chromium; name its path in LABELING_CHROMIUM")
    play = stack.enter_context(sync_playwright())
    started = play.chromium.launch(executable_path=path, args=list(ARGUMENTS))
    stack.callback(started.close)
    return started


def _missing(why):
    told = f"pages are not tested in a browser: {why}"
    if os.environ.get("LABELING_NO_SKIPS"):
        pytest.fail(told)
    pytest.skip(told)


@dataclass
class Opened:
    """A page, and what it did: requests, messages on the console, errors, dialogs."""

    page: object
    requests: list = field(default_factory=list)
    console: list = field(default_factory=list)
    dialogs: list = field(default_factory=list)

    def contrasts(self, selector):
        """Return (contrast, text) for each element of a selector that has text of its own."""
        return [(ratio, text) for ratio, text in self.page.evaluate(CONTRASTS, selector)]

    def overflow(self):
        """Return by how many pixels the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def texts(self, selector):
        """Return the visible text of each element of a selector."""
        return [one.strip() for one in self.page.locator(selector).all_inner_texts()]


@contextlib.contextmanager
def opened(browser, path, *, width=1280, scheme="light", javascript=True):
    """Open a file without a network, and close it again."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        offline=True,
        java_script_enabled=javascript,
    )
    try:
        page = context.new_page()
        found = Opened(page)
        page.on("request", lambda request: found.requests.append(request.url))
        page.on("console", lambda message: found.console.append(message.text))
        page.on("pageerror", lambda error: found.console.append(str(error)))
        page.on("dialog", lambda dialog: (found.dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(Path(path).as_uri())
        yield found
    finally:
        context.close()
