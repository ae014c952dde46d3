"""The section on models: what was done, how sure they are, and whether that can be believed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from markupsafe import Markup

from labeling.analysis import scores
from labeling.analysis.calibration import PER_BIN, Calibration, calibration
from labeling.project.gold import teaching_gold
from labeling.report.charts import confidence_picture, reliability_picture
from labeling.report.context import ModelOutputs, ReportContext


@dataclass(frozen=True)
class Check:
    """A model held against labels that it did not make.

    Attributes:
        name: whose labels.
        told: what they are, in a sentence.
        found: the calibration.
        few: whether there are too few to tell.
    """

    name: str
    told: str
    found: Calibration
    few: bool


@dataclass(frozen=True)
class ModelSection:
    """What the section shows."""

    name: str
    report: tuple[str, ...]
    covered: int
    n: int
    confidence: Markup
    checks: list[Check]
    reliability: Markup | None
    enough: int = PER_BIN


def section(known: ReportContext) -> ModelSection | None:
    """Return the section on models; `None` before labeling functions were applied."""
    if known.beliefs is None:
        return None
    soft, posterior = known.beliefs.soft, known.beliefs.posterior
    lowest = 1 / len(known.project.schema)
    checks = _checks(known, known.beliefs)
    drawn = [(one.name, one.found) for one in checks if not one.few]
    return ModelSection(
        name=known.config.label_model,
        report=_report(known, known.beliefs),
        covered=int(soft.covered.sum()),
        n=len(soft.sample_ids),
        confidence=confidence_picture(
            [
                ("label model, where a labeling function votes", soft.confidence()[soft.covered]),
                ("with the end model, all samples", posterior.confidence()),
            ],
            lowest,
        ),
        checks=checks,
        reliability=reliability_picture(drawn, lowest) if drawn else None,
    )


def _report(known: ReportContext, beliefs: ModelOutputs) -> tuple[str, ...]:
    """Return what the label model says of itself; where it is not remembered it is fitted again."""
    learner = known.project.learner(beliefs.votes)
    model = learner.cached_label_model(known.verdict.gold) if known.store else None
    if model is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were shown when the project fitted it
            gold = teaching_gold(known.data.dev, known.verdict.gold)
            model, _ = learner.fit_label_model(gold)
    return model.report_


def _checks(known: ReportContext, beliefs: ModelOutputs) -> list[Check]:
    found = []
    dev = known.data.dev
    if beliefs.measured is not None:
        right = scores(beliefs.measured, dev)
        sure = beliefs.measured.of_samples(right.index).confidence()
        told = (
            "what the models say of samples with a given gold label, each by models that did not"
            " learn from it"
        )
        found.append(("dev gold labels", told, calibration(sure, right.to_numpy())))
    audit = known.audit
    if len(audit):
        told = (
            "the label that the model held before anybody was asked, against what people then said"
            " of samples drawn at random"
        )
        sure = audit["confidence"].to_numpy(float)
        found.append(("people, random draw", told, calibration(sure, audit["right"].to_numpy())))
    return [Check(*one, few=one[2].right.n < PER_BIN) for one in found]
