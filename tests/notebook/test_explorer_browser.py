"""The explorer in a real JupyterLab, in Chromium: keys, labels in Python, buckets, light and dark.

Pictures of it are left in out/screenshots (or LABELING_SCREENSHOTS).
"""

import ast
import re

import nbformat
import pytest

from tests.support.jupyter_lab import running
from tests.support.studio_pages import SHOTS

PATIENCE = 60_000  # milliseconds for whatever a page does; a machine under load is slow
MAKE = """
import pandas as pd
import labeling as lb
from labeling.functions import keywords

texts = TEXTS
samples = pd.DataFrame(
    {"text": texts, "author": [f"author {i} <b>" for i in range(len(texts))]},
    index=[f"c{i}" for i in range(len(texts))],
)
schema = lb.LabelSchema(["ham", "spam"])
workbench = lb.Workbench(samples, schema, gold={"c0": "spam"}, cache="kept")
for lf in (
    keywords("free", ["free"], label="spam"),
    keywords("love", ["love", "\\U0001f600"], label="ham"),
):
    _ = workbench.add(lf)
explorer = workbench.explore(n=12)
explorer
"""
ASK = """
frame = explorer.to_frame()
print(frame["label"].tolist(), frame["skipped"].tolist(), (workbench.gold_codes >= 0).sum())
"""
TEXTS = [
    "FREE money <script>alert(1)</script>",
    "\u05e9\u05dc\u05d5\u05dd \u202eright to left free",
    "I love this \U0001f600 song",
    "a\x00b " + "long line " * 1000,
    "</mark><img src=x onerror=alert(2)> free",
    "two\n\nparagraphs",
] * 4


class Notebook:
    """A notebook in JupyterLab, and what its page did."""

    def __init__(self, browser, lab):
        cells = [MAKE.replace("TEXTS", ascii(TEXTS)), ASK]
        written = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(written, str(lab.notebooks / "explore.ipynb"))
        self.errors, self.outside = [], []
        self._context = browser.new_context(viewport={"width": 1280, "height": 1000})
        self._context.set_default_timeout(PATIENCE)
        self.page = page = self._context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda one: one.type == "error" and self.errors.append(one.text))
        known = (lab.url, "blob:", "data:")
        page.on("request", lambda one: one.url.startswith(known) or self.outside.append(one.url))
        page.goto(lab.address("explore.ipynb"))
        page.get_by_text("| Idle").wait_for()

    def close(self):
        self._context.close()

    def menu(self, *names):
        self.page.get_by_role("menuitem", name=names[0], exact=True).click()
        for name in names[1:]:
            self.page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()

    def run_all(self):
        """Run all cells, and wait for the explorer that they make."""
        self.page.evaluate("document.querySelectorAll('.lbx').forEach((one) => one.remove())")
        self.menu("Run", "Run All Cells")
        self.page.wait_for_selector(".lbx")

    def asked(self):
        """Run the second cell, and return what it prints: labels, skipped, size of the dev set."""
        self.page.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea-prompt").click()
        output = self.page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output pre")
        before = self.page.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea-prompt")
        number = before.inner_text()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            "(before) => { const now = document.querySelectorAll('.jp-CodeCell')[1]"
            ".querySelector('.jp-InputArea-prompt').innerText;"
            " return now !== before && /\\d/.test(now); }",
            arg=number,
        )
        labels, skipped, n = re.fullmatch(
            r"(\[.*\]) (\[.*\]) (\d+)", output.inner_text().strip()
        ).groups()
        return ast.literal_eval(labels), ast.literal_eval(skipped), int(n)

    def text(self, selector):
        return self.page.locator(f".lbx {selector}").inner_text()

    def focus(self):
        self.page.locator(".lbx-text").click()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def wait(self, selector, text):
        self.page.wait_for_function(
            "([one, text]) => document.querySelector(one)?.innerText.includes(text)",
            arg=[f".lbx {selector}", text],
        )

    def wait_until_saved(self):
        self.page.wait_for_function("document.querySelector('.lbx-saved').textContent === ''")

    def shot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.locator(".lbx").screenshot(path=SHOTS / f"explorer-{name}.png")

    def contrasts(self, selector):
        from tests.support.browser import CONTRASTS

        return {text: ratio for ratio, text in self.page.evaluate(CONTRASTS, selector)}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="module")
def notebook(browser, lab):
    opened = Notebook(browser, lab)
    opened.run_all()
    yield opened
    opened.close()


def test_a_dev_set_is_labelled_by_keys_and_is_in_python_at_once(notebook):
    """Labels, skip, undo and moves; a re-run of all cells goes on where one stopped."""
    notebook.focus()
    assert notebook.text(".lbx-progress") == "0 of 12 labelled, 0 skipped"

    notebook.press("2", "1", "2", "2", "Enter", "Backspace", "u", "Space")
    notebook.wait(".lbx-progress", "3 of 12 labelled, 1 skipped")
    notebook.wait(".lbx-live", "Skipped. Sample 5 of 12.")
    notebook.press("ArrowLeft", "ArrowLeft")
    notebook.wait(".lbx-heading", "labelled spam")
    notebook.press("1")
    notebook.wait(".lbx-live", "Labelled ham. Sample 5 of 12.")
    notebook.shot("label-light")
    labels, skipped, n = notebook.asked()

    assert labels == ["spam", "ham", "ham", *[None] * 9]
    assert skipped == [False] * 3 + [True] + [False] * 8
    assert n == 4  # with the one that was given
    assert notebook.text(".lbx-saved") == ""
    # JupyterLab's own keys of one character make headings of cells.
    assert notebook.page.locator(".jp-MarkdownCell").count() == 0

    notebook.run_all()

    assert notebook.text(".lbx-progress") == "3 of 12 labelled, 1 skipped"
    assert notebook.text(".lbx-heading").startswith("Sample 5 of 12")
    assert notebook.asked() == (labels, skipped, n)
    assert (notebook.errors, notebook.outside) == ([], [])


def test_buttons_answer_too_and_give_the_keys_back(notebook):
    done, progress = notebook.text(".lbx-heading"), notebook.text(".lbx-progress")

    notebook.page.locator(".lbx-labels button").nth(1).click()
    notebook.wait(".lbx-live", "Labelled spam.")
    notebook.press("Enter")  # skips, and does not press the button again
    notebook.wait(".lbx-live", "Skipped.")
    notebook.press("u", "u")
    notebook.wait(".lbx-live", "Taken back.")

    assert notebook.text(".lbx-heading") == done
    notebook.wait_until_saved()
    assert notebook.text(".lbx-progress") == progress
    assert notebook.errors == []


def test_a_bucket_is_browsed_by_menus_and_keys_and_hostile_texts_are_texts(notebook):
    page = notebook.page
    page.get_by_role("tab", name="Label", exact=True).focus()
    notebook.press("ArrowRight")
    notebook.wait(".lbx-title", "24 samples of 24")
    page.get_by_label("Function").select_option("free")
    notebook.wait(".lbx-title", "free (12 samples of 24)")
    first = notebook.text(".lbx-table")
    assert {"free", "FREE"} == set(page.locator(".lbx mark").all_inner_texts())
    assert "</mark><img src=x onerror=alert(2)>" in first
    assert page.locator(".lbx img, .lbx script").count() == 0
    notebook.shot("bucket-light")

    page.locator(".lbx-table").focus()
    notebook.press("ArrowRight")
    notebook.wait(".lbx-panel:not([hidden]) .lbx-controls", "Page 2 of 2")
    assert page.locator(".lbx tbody tr").count() == 2
    page.get_by_label("Gold").select_option("spam")
    notebook.wait(".lbx-title", "gold = spam")
    assert "<script>alert(1)</script>" in notebook.text(".lbx-table")
    page.get_by_label("Function").select_option("love")
    page.get_by_label("Gold").select_option("all")
    notebook.wait(".lbx-title", "love (4 samples of 24)")
    assert set(page.locator(".lbx mark").all_inner_texts()) == {"love", "\U0001f600"}

    page.get_by_role("tab", name="Label", exact=True).click()
    notebook.wait(".lbx-heading", "Sample")
    assert (notebook.errors, notebook.outside) == ([], [])


def test_it_is_read_in_light_and_dark_and_in_a_narrow_window(notebook):
    page = notebook.page
    parts = ".lbx-panel:not([hidden]) *, .lbx-tabs *"
    light = notebook.contrasts(parts)
    notebook.menu("Settings", "Theme", "JupyterLab Dark")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.lbx')).backgroundColor !== 'rgb(255, 255, 255)'"
    )
    notebook.focus()
    notebook.press("ArrowLeft")
    dark = notebook.contrasts(parts)
    notebook.shot("label-dark")
    page.get_by_role("tab", name="Look at buckets").click()
    page.wait_for_selector(".lbx-panel[aria-busy=false] tbody tr")
    dark |= notebook.contrasts(parts)
    notebook.shot("bucket-dark")
    page.set_viewport_size({"width": 620, "height": 1000})
    page.wait_for_function(
        "document.querySelector('.lbx').scrollWidth <= document.querySelector('.lbx').clientWidth"
    )
    notebook.shot("bucket-narrow")

    assert {text: ratio for text, ratio in (light | dark).items() if ratio < 4.5} == {}
    assert len(light) > 8
    assert notebook.errors == []


def test_labels_are_kept_while_a_cell_runs_and_buckets_wait_for_it(notebook):
    notebook.page.get_by_role("tab", name="Label", exact=True).click()
    before = int(notebook.text(".lbx-progress").split()[0])
    cell = notebook.page.locator(".jp-CodeCell").nth(1)
    cell.locator(".cm-content").click()
    notebook.press("Control+a")
    notebook.page.keyboard.insert_text("import time; time.sleep(3)")
    notebook.press("Control+Enter")
    cell.get_by_text("[*]").wait_for()

    notebook.focus()
    notebook.press("1")
    notebook.wait(".lbx-progress", f"{before + 1} of 12 labelled")
    notebook.page.get_by_role("tab", name="Look at buckets").click()
    notebook.page.wait_for_selector(".lbx-panel[aria-busy=true]")
    notebook.page.wait_for_selector(".lbx-panel:not([hidden])[aria-busy=false]")

    notebook.page.get_by_role("tab", name="Label", exact=True).click()
    assert notebook.text(".lbx-progress").startswith(f"{before + 1} of 12 labelled")
    assert notebook.text(".lbx-saved") == ""
    assert notebook.errors == []


def test_a_page_whose_kernel_is_gone_says_so_and_claims_nothing(notebook):
    progress = notebook.text(".lbx-progress")
    notebook.menu("Kernel", "Restart Kernel…")
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.page.get_by_text("| Idle").wait_for()
    notebook.focus()

    for _ in range(100):  # the comm closes a moment after the kernel is back
        notebook.press("1")
        if notebook.page.locator(".lbx-error:not([hidden])").count():
            break
        notebook.page.wait_for_timeout(100)
    assert "Run the cell again to go on." in notebook.text(".lbx-error")
    assert "Nothing was saved." in notebook.text(".lbx-live")

    notebook.run_all()

    assert notebook.text(".lbx-progress") == progress
