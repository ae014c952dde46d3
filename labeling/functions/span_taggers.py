"""`spacy_entities` and `document_majority`: spans of pipelines and of other labeling functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labeling.errors import LabelingFunctionError
from labeling.functions.credentials import need
from labeling.functions.pretrained import spacy_pipeline
from labeling.functions.row_access import Vote, is_missing, not_text_error, reader
from labeling.functions.term_search import TermSearch
from labeling.records import RecordedCall, SpanLabelingFunction

if TYPE_CHECKING:
    from spacy.language import Language

Marks = list[tuple[int, int, Any]]


def spacy_entities(
    nlp: Language | str,
    labels: Mapping[str, Vote | None] | None = None,
    *,
    name: str | None = None,
    column: str = "text",
    batch_size: int = 256,
    reason: str | None = None,
) -> SpanLabelingFunction:
    """Return a labeling function that marks the entities a spaCy pipeline finds.

    Args:
        nlp: a pipeline, or the name or folder of an installed one, which is loaded in each process
            when it is first used.
        labels: from the pipeline's labels to those of the schema, such as `{"PERSON": "PER"}`.
            Entities of other labels are not marked. `None` takes its labels as they are.
        name: its name; `None` takes that of the pipeline.
        column: the column of the text; nothing is marked if the text is missing.
        batch_size: texts at a time.
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: it is not a pipeline.
        LoadError: no such pipeline is installed.
        MissingExtraError: spaCy is not installed.

    >>> from types import SimpleNamespace
    >>> import spacy
    >>> nlp = spacy.blank("en")
    >>> _ = nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Ann"}])
    >>> people = spacy_entities(nlp, {"PERSON": "PER"}, name="people")
    >>> people(SimpleNamespace(text="I met Ann."))
    [Span(start=6, end=9, label='PER')]
    """
    need("spacy")
    if not isinstance(nlp, str) and not hasattr(nlp, "pipe"):
        raise LabelingFunctionError(
            f"`spacy_entities` must be given a spaCy pipeline or the name of one. Got {nlp!r:.200}."
        )
    model = nlp if isinstance(nlp, str) else str(nlp.meta.get("name") or "spacy")
    read = reader(column)

    def mark_all(rows: Sequence[Any]) -> list[Marks]:
        pipeline = spacy_pipeline(nlp) if isinstance(nlp, str) else nlp
        texts = ["" if is_missing(text) else text for text in map(read, rows)]
        for text in texts:
            if not isinstance(text, str):
                raise not_text_error(column, text)
        return [_entities(doc, labels) for doc in pipeline.pipe(texts, batch_size=batch_size)]

    def mark(x: Any) -> Marks:
        return mark_all([x])[0]

    chosen = name or f"{model}_entities"
    mark.__doc__ = reason or f"Marks the entities that {model} finds."
    mark.__name__ = mark.__qualname__ = chosen
    return SpanLabelingFunction(chosen, mark, batch=mark_all, column=column)


def _entities(doc: Any, labels: Mapping[str, Vote | None] | None) -> Marks:
    """Return the entities of a document that have a label of the schema."""
    marks: Marks = []
    for entity in doc.ents:
        label = entity.label_ if labels is None else labels.get(entity.label_)
        if label is not None:
            marks.append((entity.start_char, entity.end_char, label))
    return marks


def document_majority(
    sources: SpanLabelingFunction | Iterable[SpanLabelingFunction],
    *,
    name: str = "document_majority",
    column: str = "text",
    reason: str | None = None,
) -> SpanLabelingFunction:
    """Return a labeling function that marks what others marked elsewhere in the same text.

    Where the sources mark "Ann Lee" as a person in one place, it marks the other places of the text
    in which "Ann Lee" stands, with the label that most of them are marked with; none where two
    labels are equally frequent. What the sources marked themselves is left to them. (Lison et al.,
    "skweak", ACL 2021, use such document-level functions.)

    Args:
        sources: span labeling functions; they run once more on each text.
        name: its name.
        column: the column of the text; nothing is marked if the text is missing.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: there are no sources, or something else is among them.

    >>> from types import SimpleNamespace
    >>> from labeling.functions import span_regex
    >>> titled = span_regex("PER", r"Mrs. (Lee)", group=1)
    >>> document_majority(titled)(SimpleNamespace(text="Mrs. Lee left. Lee is back."))
    [Span(start=15, end=18, label='PER')]
    """
    lfs = list(sources) if isinstance(sources, Iterable) else [sources]
    wrong = [lf for lf in lfs if not isinstance(lf, SpanLabelingFunction)]
    if wrong or not lfs:
        raise LabelingFunctionError(
            f"The sources of `document_majority` must be span labeling functions. Got {wrong[0]!r}."
            if wrong
            else "`document_majority` must have a span labeling function or more. Got none."
        )
    read = reader(column)

    def mark(x: Any) -> Marks | None:
        text = read(x)
        if is_missing(text):
            return None
        if not isinstance(text, str):
            raise not_text_error(column, text)
        return _elsewhere(text, [lf(x) for lf in lfs])

    names = ", ".join(lf.name for lf in lfs)
    mark.__doc__ = reason or f"Marks what is marked elsewhere in the same text by: {names}"
    mark.__name__ = mark.__qualname__ = name
    made = SpanLabelingFunction(name, mark, column=column)
    because = {} if reason is None else {"reason": reason}
    # The list of sources, as given ones may be an iterator that has ended.
    made.call = RecordedCall("document_majority", (lfs,), {"column": column, **because})
    return made


def _elsewhere(text: str, marked: Sequence[Sequence[Any]]) -> Marks:
    """Return where else in a text the marked words stand, with the label of most."""
    counts: dict[str, Counter[Any]] = {}
    places: set[tuple[int, int]] = set()
    for spans in marked:
        for start, end, label in spans:
            if label is not None:
                counts.setdefault(text[start:end], Counter())[label] += 1
                places.add((start, end))
    winners = {words: _winner(votes) for words, votes in counts.items()}
    terms = {words: label for words, label in winners.items() if label is not None}
    if not terms:
        return []
    search = TermSearch(terms, "document_majority", ignore_case=False)
    return [
        (start, end, label)
        for start, end, label in search.find(text)
        if not any(start < last and first < end for first, last in places)
    ]


def _winner(votes: Counter[Any]) -> Any:
    """Return the most frequent label; `None` in a tie."""
    first, *others = votes.most_common(2)
    return None if others and others[0][1] == first[1] else first[0]
