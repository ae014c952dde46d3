"""Pictures are drawn, light and dark, the same each time, whatever names hold."""

import numpy as np
import pytest
from matplotlib.image import imread

import labeling as lb
from labeling.analysis import (
    Estimate,
    agreement_by_pair,
    agreement_picture,
    confusion_picture,
    cost_picture,
    label_coincidences,
    label_confusion_picture,
    lf_picture,
    skill_picture,
)

NAMES = ["plain", "costs $5 and $6", "_hidden", "<b>&amp;", "né\U0001f600"]
VOTES = lb.Votes.from_array(
    np.random.default_rng(0).integers(-1, 2, (50, 5)),
    schema=lb.LabelSchema(["ham", "spam"]),
    voters=NAMES,
)
CURVE = [(0, Estimate(0.7, 0.6, 0.8, 9)), (50, Estimate(0.8, 0.7, 0.9, 9))]


def drawn(folder):
    return [
        *lf_picture(lb.lf_summary(VOTES), 50, folder / "a.png"),
        *confusion_picture({"$x": np.array([[5.0, 1], [0, 3]])}, ["h", "s"], folder / "b.png"),
        *cost_picture({"pool": CURVE, "$held": CURVE}, folder / "c.png", "title"),
        *agreement_picture(agreement_by_pair(VOTES), folder / "d.png"),
        *label_confusion_picture(label_coincidences(VOTES), folder / "e.png"),
        *skill_picture(lb.label_models.AnnotatorModel().fit(VOTES).skills(), folder / "f.png"),
    ]


@pytest.fixture
def pictures(tmp_path, recwarn):
    return drawn(tmp_path)


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning")
def test_each_picture_is_light_and_dark(pictures):
    for light, dark in zip(pictures[::2], pictures[1::2], strict=True):
        assert imread(light)[:, :, :3].mean() > 0.6
        assert imread(dark)[:, :, :3].mean() < 0.4


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning")
def test_drawn_twice_is_the_same_bytes(pictures, tmp_path):
    before = [path.read_bytes() for path in pictures]

    assert before == [path.read_bytes() for path in drawn(tmp_path)]


def test_nothing_unfinished_is_left(pictures, tmp_path):
    assert sorted(pictures) == sorted(tmp_path.iterdir())
