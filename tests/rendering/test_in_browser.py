"""What objects show of themselves, in Chromium: on light and dark pages, in colour and in grey."""

import io

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.rendering import Displayed
from tests.support.browser import opened
from tests.support.safe_html import NAME
from tests.support.shown_objects import Shown

PAGES = {  # background and text of JupyterLab and VS Code
    "light": ("#ffffff", "rgba(0,0,0,.87)"),
    "dark": ("#111111", "#ffffff"),
    "vscode": ("#1f1f1f", "#cccccc"),
}
TEXT = "\u202e<script>alert(1)</script> <img src=x onerror=alert(2)> \U0001f600 " + "x" * 10_000
KINDS = (
    lb.Votes,
    lb.SoftLabels,
    lb.LabelSchema,
    lb.LabelingFunction,
    lb.AnnotatorModel,
    lb.LabelModel,
    lb.Batch,
    lb.Verdict,
    lb.TrainingSet,
    lb.Annotation,
)
# The contrast of each text with the page; muted texts are partly transparent.
TEXT_CONTRASTS = """
(page) => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((one) => {
      const share = one / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = numbers(getComputedStyle(document.body).backgroundColor).slice(0, 3);
  const speaks = (element) =>
    [...element.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
  const inks = [...document.querySelectorAll(".lbl *")].filter(
    (one) => speaks(one) && !["STYLE", "title", "desc"].includes(one.tagName));
  return inks.map((element) => {
    const style = getComputedStyle(element);
    const [r, g, b, alpha = 1] = numbers(element.closest("svg") ? style.fill : style.color);
    let opacity = alpha;
    for (let one = element; one; one = one.parentElement)
      opacity *= Number(getComputedStyle(one).opacity);
    const ink = light([r, g, b].map((one, i) => one * opacity + ground[i] * (1 - opacity)));
    const back = light(ground);
    const ratio = (Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05);
    return [ratio, element.textContent.trim().slice(0, 40)];
  });
}
"""
# Where the filled bars are, and whether each is hatched: those are filled with a pattern.
BARS = """
() => {
  const main = getComputedStyle(document.querySelector(".lbl")).getPropertyValue("--main").trim();
  const hex = (colour) => "#" + colour.match(/\\d+/g).slice(0, 3)
    .map((one) => Number(one).toString(16).padStart(2, "0")).join("");
  const found = [];
  for (const bar of document.querySelectorAll(".lbl svg rect, .lbl svg path")) {
    const style = getComputedStyle(bar), box = bar.getBoundingClientRect();
    const isWhole = Number(style.opacity) * Number(style.fillOpacity) === 1;
    const isHatched = style.fill.startsWith("url");
    const isPlain = style.fill.startsWith("rgb") && hex(style.fill) === main;
    if (bar.closest("defs") || !isWhole || !(isHatched || isPlain)) continue;
    if (box.width >= 8 && box.height >= 8)
      found.push([isHatched, box.left + scrollX, box.top + scrollY, box.width, box.height]);
  }
  return found;
}
"""


def plots():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 300)
    codes = np.where(rng.random((300, 4)) < 0.8, truth[:, None], 1 - truth[:, None])
    codes[rng.random(codes.shape) < 0.4] = -1
    schema = lb.LabelSchema(["ham", "spam"])
    votes = lb.Votes.from_array(codes, schema=schema, voters=["link", "short", "song", "money"])
    soft = lb.label_models.DawidSkene().fit(votes).predict_proba(votes)
    gold = pd.Series([schema.labels[code] for code in truth])
    made = lb.plots
    return [
        made.coverage(votes),
        made.accuracy(votes, gold),
        made.overlaps(votes),
        made.conflicts(votes),
        made.coverage_growth(votes),
        made.confidence(soft, gold),
        made.reliability(soft, gold),
        made.confusion(soft, gold),
        votes,
        soft,
    ]


@pytest.fixture(scope="module")
def outputs():
    return "<hr>".join(shown._repr_html_() for shown in plots())


@pytest.fixture(params=PAGES)
def page(request, outputs, browser, tmp_path):
    """The outputs on a page of a colour, opened."""
    ground, ink = PAGES[request.param]
    path = tmp_path / "page.html"
    style = f"background:{ground};color:{ink}"
    path.write_text(f'<!doctype html><meta charset="utf-8"><body style="{style}">{outputs}')
    with opened(browser, path, scheme="light" if request.param == "light" else "dark") as found:
        yield found


def test_every_text_can_be_read(page):
    contrasts = page.page.evaluate(TEXT_CONTRASTS)

    assert len(contrasts) > 200
    assert [] == [(ratio, text) for ratio, text in contrasts if ratio < 4.5]


def test_bars_stand_out_in_grey_and_hatched_ones_differ_from_plain_ones(page):
    image = pytest.importorskip("PIL.Image", reason="it comes with matplotlib")
    shot = page.page.screenshot(full_page=True)
    grey = np.asarray(image.open(io.BytesIO(shot)).convert("L")).astype(float)
    spreads = {True: [], False: []}

    for is_hatched, left, top, width, height in page.page.evaluate(BARS):
        rows = slice(round(top + 3), round(top + height - 2))
        inside = grey[rows, round(left + 3) : round(left + width - 2)]
        if inside.size:
            # A low percentile is the fill, and not the whitish lines of a hatch.
            assert contrast(np.percentile(inside, 20), grey[2, 2]) >= 3
            spreads[is_hatched].append(inside.std())

    assert len(spreads[False]) > 10
    assert len(spreads[True]) > 4
    assert min(spreads[True]) > max(10, 3 * np.median(spreads[False]))


def contrast(one, other):
    """Return the contrast of two levels of grey, 1 to 21."""
    light, dark = sorted((linear(one), linear(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def linear(level):
    share = level / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def test_a_page_asks_for_nothing_and_says_nothing(page):
    assert 1 == len(page.requests)
    assert [] == page.console


def test_hostile_texts_run_nothing_and_do_not_spread(browser, tmp_path):
    shown = Shown(TEXT, NAME, tmp_path)
    parts = [shown.of(kind) for kind in KINDS]
    assert all(isinstance(part, Displayed) for part in parts)
    path = tmp_path / "page.html"
    body = "".join(part._repr_html_() for part in parts)
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><body>{body}<p id="after">after', "utf-8"
    )

    with opened(browser, path) as page:
        page.page.wait_for_timeout(200)
        assert [] == page.dialogs + page.console
        assert 1 == len(page.requests)
        assert page.overflow() <= 0
        assert ["after"] == page.texts("#after")
        assert len(KINDS) == page.page.locator(".lbl").count()
