"""Section on models: fit report, confidence, and calibration against independent labels."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.analysis import scores
from labeling.analysis.calibration import PER_BIN, Calibration, calibration
from labeling.analysis.inline_charts import confidence_picture, reliability_picture
from labeling.project.gold import teaching_gold
from labeling.rendering.svg import Svg
from labeling.report.context import ModelOutputs, ReportContext

DEV_DESCRIPTION = (
    "predictions for samples with a given gold label, each made by models that were not trained on"
    " that label"
)
AUDIT_DESCRIPTION = (
    "predictions made before annotation, compared with the labels that people settled for samples"
    " drawn at random"
)


@dataclass(frozen=True)
class CalibrationCheck:
    """Calibration of the model against labels that it was not trained on.

    Attributes:
        name: of the labels.
        description: what is compared.
        calibration: the result.
        is_small: whether there are too few samples to judge.
    """

    name: str
    description: str
    calibration: Calibration
    is_small: bool


@dataclass(frozen=True)
class ModelSection:
    """Contents of the section."""

    name: str
    report: tuple[str, ...]
    warnings: tuple[str, ...]
    covered: int
    n: int
    confidence: Svg
    checks: list[CalibrationCheck]
    reliability: Svg | None
    enough: int = PER_BIN


def section(context: ReportContext) -> ModelSection | None:
    """Return the section on models; `None` before labeling functions were applied."""
    if context.outputs is None:
        return None
    soft, posterior = context.outputs.soft, context.outputs.posterior
    lowest = 1 / len(context.project.schema)
    checks = _checks(context, context.outputs)
    report = _fit_report(context, context.outputs)
    drawn = [(check.name, check.calibration) for check in checks if not check.is_small]
    return ModelSection(
        name=context.config.label_model,
        report=report,
        warnings=_warnings(context, context.outputs, report),
        covered=int(soft.covered.sum()),
        n=len(soft.sample_ids),
        confidence=confidence_picture(
            [
                ("label model, covered samples", soft.confidence()[soft.covered]),
                ("with the end model, all samples", posterior.confidence()),
            ],
            lowest,
        ),
        checks=checks,
        reliability=reliability_picture(drawn, lowest) if drawn else None,
    )


def _warnings(
    context: ReportContext, outputs: ModelOutputs, report: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what the label model warned of and does not report itself."""
    found = context.project.learner(outputs.votes).warnings_of(context.verdict.gold)
    return tuple(sentence for sentence in found if sentence not in report)


def _fit_report(context: ReportContext, outputs: ModelOutputs) -> tuple[str, ...]:
    """Return the label model's report; a model that was not stored is fitted again."""
    learner = context.project.learner(outputs.votes)
    model = learner.cached_label_model(context.verdict.gold) if context.store else None
    if model is None:
        gold = teaching_gold(context.data.dev, context.verdict.gold)
        model = learner.fit_label_model(gold).model
    return model.report_


def _checks(context: ReportContext, outputs: ModelOutputs) -> list[CalibrationCheck]:
    checks = []
    if outputs.measured is not None:
        right = scores(outputs.measured, context.data.dev)
        confidence = outputs.measured.of_samples(right.index).confidence()
        result = calibration(confidence, right.to_numpy())
        checks.append(_check("dev gold labels", DEV_DESCRIPTION, result))
    audit = context.audit
    if len(audit):
        result = calibration(audit["confidence"].to_numpy(float), audit["right"].to_numpy())
        checks.append(_check("people, random sample", AUDIT_DESCRIPTION, result))
    return checks


def _check(name: str, description: str, result: Calibration) -> CalibrationCheck:
    return CalibrationCheck(name, description, result, is_small=result.accuracy.n < PER_BIN)
