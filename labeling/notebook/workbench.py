"""`Workbench`: where labeling functions are written, looked at and kept, in a notebook."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Self

from labeling.config import load_config
from labeling.notebook.base import BaseWorkbench
from labeling.notebook.exploring import Exploring
from labeling.notebook.suggesting import Suggesting
from labeling.notebook.versions import Versions
from labeling.notebook.worth import Worth
from labeling.project import Project
from labeling.records import LabelKind, LabelSchema


class Workbench(Exploring, Suggesting, Versions, Worth, BaseWorkbench):
    """A place to write labeling functions: draft one, see what changes, look at rows, keep it.

    With a schema of `kind="spans"` or `kind="several"` it is a `SpanWorkbench` or `SetWorkbench`:
    the verbs are the same, and what they return shows a row for each span, or label of a sample.

    Args:
        samples: a DataFrame; `None` takes those of the project.
        schema: the labels; `None` takes those of the project.
        gold: the dev set: gold labels of some samples, from which precision is measured.
        project: a project, or the path of its config; its labeling functions are there at once.
        id: the column of the samples' ids; `None` takes the frame's index.
        text: the column of the text that is shown and searched; `None` takes "text", or the only
            column of texts.
        cache: a folder in which votes, commits and labels of people are kept between notebooks.
        timeout: seconds that a function may take on a sample; `None` sets no limit.

    Raises:
        DataError: samples or ids are missing, or ids are not unique.
        GoldError: the dev set is not gold labels of these samples.

    >>> import pandas as pd
    >>> from labeling import LabelSchema
    >>> comments = pd.DataFrame({"text": ["see http://x.org", "nice song"]}, index=["c1", "c2"])
    >>> workbench = Workbench(comments, LabelSchema(["ham", "spam"]), gold={"c1": "spam"})
    >>> @workbench.lf(label="spam")
    ... def has_link(x):
    ...     "A link in a short comment is nearly always spam."
    ...     return "http" in x.text
    >>> workbench.votes()
    Votes(2 samples x 1 voter, 1 vote cast, labels 'ham', 'spam')
    """

    _kinds: ClassVar[dict[LabelKind, type[Workbench]]] = {}

    def __init_subclass__(cls, *, kind: LabelKind | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if kind is not None:
            Workbench._kinds[kind] = cls

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Return a workbench of the class that the labels of a schema or project need."""
        made = cls if cls is not Workbench else Workbench._kinds.get(_kind(*args, **options), cls)
        return super().__new__(made)  # type: ignore[return-value]  # a subclass of Workbench


def _kind(
    samples: Any = None, schema: Any = None, gold: Any = None, project: Any = None, **_: Any
) -> LabelKind:
    """Return the kind of the labels that a workbench is asked for; its own checks come later."""
    if schema is None and isinstance(project, (str, os.PathLike)):
        schema = load_config(project).label_schema
    elif schema is None and isinstance(project, Project):
        schema = project.schema
    return schema.kind if isinstance(schema, LabelSchema) else LabelKind.ONE
