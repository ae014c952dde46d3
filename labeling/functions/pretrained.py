"""Pretrained models as labeling functions: text classifiers of Hugging Face, spaCy pipelines."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labeling.errors import LabelingFunctionError, LoadError
from labeling.functions.classifiers import confidence_of, pairs_of_answers, skipping_missing
from labeling.functions.classifiers import model as model_of
from labeling.functions.credentials import need
from labeling.functions.row_access import Vote
from labeling.records import LabelingFunction

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

logger = logging.getLogger(__name__)

TASKS = ("text-classification", "sentiment-analysis")
UNLIMITED = 1_000_000
"""Tokenizers without a limit report a far larger number of tokens."""


def hugging_face(
    name: str,
    pipeline: Any,
    *,
    model: str | None = None,
    column: str = "text",
    labels: Mapping[str, Vote | None],
    threshold: float = 0.0,
    batch_size: int = 1,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes as a text classifier of Hugging Face predicts.

    It abstains if the text is missing, if the model is not confident enough, and if two of its
    labels are equally probable. Texts longer than the model's limit are truncated; a warning says
    how many.

    Args:
        name: its name.
        pipeline: the task, `"text-classification"`, whose model is loaded in each process when it
            is first used; or a pipeline object.
        model: the name or folder of the task's model; not with a pipeline object.
        column: the column of the text.
        labels: from the model's labels to labels of the schema; `None` for "abstain".
        threshold: the least probability with which it votes, 0 to 1.
        batch_size: texts at a time. More than one is faster on a GPU, but the last digits of a
            probability then depend on the other texts.
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: it is not a text classification, or has no model.
        MissingExtraError: the packages of the extra `transformers` are not installed.

    >>> angry = hugging_face(
    ...     "angry",
    ...     "text-classification",
    ...     model="distilbert-base-uncased-finetuned-sst-2-english",
    ...     labels={"NEGATIVE": "negative", "POSITIVE": None},
    ...     threshold=0.9,
    ... )
    >>> angry.__doc__
    'Votes as distilbert-base-uncased-finetuned-sst-2-english says, from probability 0.9.'
    """
    need("transformers", "torch")
    is_task_name = isinstance(pipeline, str)
    task = pipeline if is_task_name else getattr(pipeline, "task", None)
    if task not in TASKS:
        raise LabelingFunctionError(
            f"{name!r} must be given a text classification of Hugging Face: 'text-classification'"
            f" or such a pipeline. Got {pipeline!r:.200}."
        )
    if is_task_name == (model is None):
        raise LabelingFunctionError(
            f"{name!r} must be given `model` with a task, and not with a pipeline. Got model="
            f"{model!r}."
        )

    def classify(texts: list[str]) -> list[tuple[Any, float]]:
        loaded = _pipeline(model) if is_task_name else pipeline
        return _classify(name, loaded, texts, batch_size)

    model_name = (
        model or getattr(getattr(pipeline, "model", None), "name_or_path", "") or "a pipeline"
    )
    docstring = reason or f"Votes as {model_name} says, from probability {threshold:g}."
    predict = skipping_missing(name, classify)
    return model_of(
        name, predict, column=column, threshold=threshold, labels=labels, reason=docstring
    )


@functools.lru_cache(maxsize=4)
def _pipeline(model: str) -> Any:
    import transformers

    load: Any = transformers.pipeline  # typed for literal task names only
    try:
        return load(TASKS[0], model=model)
    except (OSError, ValueError) as error:
        raise LoadError(f"The Hugging Face model {model!r} cannot be loaded: {error}") from error


def _classify(
    name: str, pipeline: Any, texts: list[str], batch_size: int
) -> list[tuple[Any, float]]:
    max_length = _max_length(pipeline)
    tokens_of_texts = pipeline.tokenizer(texts, truncation=False, verbose=False)["input_ids"]
    n_truncated = sum(len(tokens) > max_length for tokens in tokens_of_texts)
    if n_truncated:
        logger.warning(
            "%r reads only %d tokens of a text; %d of %d texts are longer and were cut",
            name,
            max_length,
            n_truncated,
            len(texts),
        )
    predictions = pipeline(
        texts, top_k=None, truncation=True, max_length=max_length, batch_size=batch_size
    )
    return [
        _best(name, {score["label"]: score["score"] for score in scores}) for scores in predictions
    ]


def _max_length(pipeline: Any) -> int:
    """Return how many tokens a model takes, also if its tokenizer has no limit."""
    limit = int(pipeline.tokenizer.model_max_length)
    if limit < UNLIMITED:
        return limit
    positions = getattr(pipeline.model.config, "max_position_embeddings", None)
    return limit if positions is None else int(positions) - 2  # RoBERTa reserves two of them


def _best(name: str, scores: Mapping[str, float]) -> tuple[Any, float]:
    """Return the label with the highest score and that score; the label is `None` in a tie."""
    confidences = {label: confidence_of(name, label, score) for label, score in scores.items()}
    first, *others = sorted(confidences, key=lambda label: (-confidences[label], label))
    is_tied = bool(others) and confidences[others[0]] == confidences[first]
    return None if is_tied else first, confidences[first]


def spacy_model(
    name: str,
    nlp: Language | str,
    *,
    vote: Callable[[Doc], Any] | None = None,
    column: str = "text",
    labels: Mapping[Any, Vote | None] | None = None,
    threshold: float = 0.0,
    batch_size: int = 256,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes by what a spaCy pipeline finds in a text.

    It abstains if the text is missing.

    Args:
        name: its name.
        nlp: a pipeline, or the name or folder of an installed one, which is loaded in each process
            when it is first used.
        vote: returns a label, a `(label, confidence)` pair, or `None` to abstain, for a `Doc`; for
            yes or no write `labels={True: "spam", False: None}`. Without it the pipeline's text
            classifier votes, and abstains if two categories are equally probable.
        column: the column of the text.
        labels: from those answers to labels of the schema; `None` for "abstain".
        threshold: the least confidence with which it votes, 0 to 1.
        batch_size: texts at a time.
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: it is not a pipeline; or, when it is applied, it has no text
            classifier and no `vote` is given.
        LoadError: no such pipeline is installed.
        MissingExtraError: spaCy is not installed.

    >>> from types import SimpleNamespace
    >>> import spacy
    >>> shouting = spacy_model(
    ...     "shouting",
    ...     spacy.blank("en"),
    ...     vote=lambda doc: "spam" if all(token.is_upper for token in doc) else None,
    ... )
    >>> shouting(SimpleNamespace(text="FREE CASH")), shouting(SimpleNamespace(text="Hi"))
    ('spam', -1)
    """
    need("spacy")
    if not isinstance(nlp, str) and not hasattr(nlp, "pipe"):
        raise LabelingFunctionError(
            f"{name!r} must be given a spaCy pipeline or the name of one. Got {nlp!r:.200}."
        )
    answer = vote or functools.partial(_category, name)

    def predict(texts: list[str]) -> list[tuple[Any, float]]:
        pipeline = spacy_pipeline(nlp) if isinstance(nlp, str) else nlp
        docs = pipeline.pipe(texts, batch_size=batch_size)
        return pairs_of_answers(name, [answer(doc) for doc in docs], threshold)

    model_name = nlp if isinstance(nlp, str) else nlp.meta.get("name") or "a spaCy pipeline"
    docstring = reason or f"Votes by what {model_name} finds."
    return model_of(
        name,
        skipping_missing(name, predict),
        column=column,
        threshold=threshold,
        labels=labels,
        reason=docstring,
    )


@functools.lru_cache(maxsize=4)
def spacy_pipeline(name: str) -> Language:
    """Return an installed spaCy pipeline, loaded once in each process.

    Raises:
        LoadError: there is no such pipeline.
    """
    import spacy

    try:
        return spacy.load(name)
    except OSError as error:
        raise LoadError(
            f"The spaCy pipeline {name!r} cannot be loaded: {error} Install it with"
            f" `python -m spacy download {name}`."
        ) from error


def _category(name: str, doc: Doc) -> tuple[Any, float]:
    if not doc.cats:
        raise LabelingFunctionError(
            f"The pipeline of {name!r} must have a text classifier, since no `vote` is given. Its"
            " documents have no categories."
        )
    return _best(name, doc.cats)
