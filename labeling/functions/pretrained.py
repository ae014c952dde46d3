"""Models that others have trained: text classifiers of Hugging Face and pipelines of spaCy."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labeling.errors import LabelingFunctionError, LoadError
from labeling.functions.classifiers import confidence_of, pairs_of_answers, where_there
from labeling.functions.classifiers import model as model_of
from labeling.functions.credentials import need
from labeling.functions.row_access import Vote
from labeling.records import LabelingFunction

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

logger = logging.getLogger(__name__)

TASKS = ("text-classification", "sentiment-analysis")
UNLIMITED = 1_000_000  # tokenizers that know no limit name a far larger one


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
    """Return a labeling function that votes as a text classifier of Hugging Face says.

    It abstains where the text is missing, where the model is not sure enough, and where two of its
    labels are equally probable. A text that is longer than the model takes is cut; how many were
    is logged as a warning.

    Args:
        name: its name.
        pipeline: the task, `"text-classification"`, whose model is loaded in each process when it
            is first used; or a pipeline that is made already.
        model: the name or folder of the task's model; not with a pipeline.
        column: the column that holds the text.
        labels: what the model's labels are called in the schema; `None` for "abstain".
        threshold: the probability from which on it votes, 0 to 1.
        batch_size: texts at a time. More than one is faster on a GPU, but the last digits of a
            probability then hang on the other texts.
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: it is no text classification, or has no model.
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
    by_name = isinstance(pipeline, str)
    task = pipeline if by_name else getattr(pipeline, "task", None)
    if task not in TASKS:
        raise LabelingFunctionError(
            f"{name!r} must be given a text classification of Hugging Face: 'text-classification'"
            f" or such a pipeline. Got {pipeline!r:.200}."
        )
    if by_name == (model is None):
        raise LabelingFunctionError(
            f"{name!r} must be given `model` with a task, and not with a pipeline. Got model="
            f"{model!r}."
        )

    def classified(texts: list[str]) -> list[tuple[Any, float]]:
        loaded = _pipeline(model) if by_name else pipeline
        return _classified(name, loaded, texts, batch_size)

    called = model or getattr(getattr(pipeline, "model", None), "name_or_path", "") or "a pipeline"
    because = reason or f"Votes as {called} says, from probability {threshold:g}."
    predict = where_there(name, classified)
    return model_of(
        name, predict, column=column, threshold=threshold, labels=labels, reason=because
    )


@functools.lru_cache(maxsize=4)
def _pipeline(model: str) -> Any:
    import transformers

    load: Any = transformers.pipeline  # its types tell each task apart
    try:
        return load(TASKS[0], model=model)
    except (OSError, ValueError) as error:
        raise LoadError(f"The Hugging Face model {model!r} cannot be loaded: {error}") from error


def _classified(
    name: str, pipeline: Any, texts: list[str], batch_size: int
) -> list[tuple[Any, float]]:
    longest = _longest(pipeline)
    given = pipeline.tokenizer(texts, truncation=False, verbose=False)["input_ids"]
    cut = sum(len(tokens) > longest for tokens in given)
    if cut:
        logger.warning(
            "%r reads only %d tokens of a text; %d of %d texts are longer and were cut",
            *(name, longest, cut, len(texts)),
        )
    answers = pipeline(
        texts, top_k=None, truncation=True, max_length=longest, batch_size=batch_size
    )
    return [_best(name, {one["label"]: one["score"] for one in answer}) for answer in answers]


def _longest(pipeline: Any) -> int:
    """Return how many tokens a model takes, also where its tokenizer does not know."""
    limit = int(pipeline.tokenizer.model_max_length)
    if limit < UNLIMITED:
        return limit
    places = getattr(pipeline.model.config, "max_position_embeddings", None)
    return limit if places is None else int(places) - 2  # RoBERTa counts two that no token takes


def _best(name: str, scores: Mapping[str, float]) -> tuple[Any, float]:
    """Return the label with the highest score; two of them are no vote."""
    sure = {label: confidence_of(name, label, score) for label, score in scores.items()}
    first, *others = sorted(sure, key=lambda label: (-sure[label], label))
    tied = bool(others) and sure[others[0]] == sure[first]
    return None if tied else first, sure[first]


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

    It abstains where the text is missing.

    Args:
        name: its name.
        nlp: a pipeline, or the name or folder of an installed one, which is loaded in each process
            when it is first used.
        vote: from the `Doc` to a label, a `(label, confidence)` pair, or `None` to abstain; for
            yes or no write `labels={True: "spam", False: None}`. Without it the pipeline's text
            classifier votes, and abstains where two categories are equally probable.
        column: the column that holds the text.
        labels: what those answers are called in the schema; `None` for "abstain".
        threshold: the confidence from which on it votes, 0 to 1.
        batch_size: texts at a time.
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: it is no pipeline; or, when it is used, it has no text classifier
            and no `vote` is given.
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

    def answers(texts: list[str]) -> list[tuple[Any, float]]:
        pipeline = _spacy_pipeline(nlp) if isinstance(nlp, str) else nlp
        docs = pipeline.pipe(texts, batch_size=batch_size)
        return pairs_of_answers(name, [answer(doc) for doc in docs], threshold)

    called = nlp if isinstance(nlp, str) else nlp.meta.get("name") or "a spaCy pipeline"
    because = reason or f"Votes by what {called} finds."
    predict = where_there(name, answers)
    return model_of(
        name, predict, column=column, threshold=threshold, labels=labels, reason=because
    )


@functools.lru_cache(maxsize=4)
def _spacy_pipeline(name: str) -> Language:
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
