"""`Workbench`: where labeling functions are written, looked at and kept, in a notebook."""

from __future__ import annotations

from labeling.notebook.base import BaseWorkbench
from labeling.notebook.exploring import Exploring
from labeling.notebook.suggesting import Suggesting
from labeling.notebook.versions import Versions
from labeling.notebook.worth import Worth


class Workbench(Exploring, Suggesting, Versions, Worth, BaseWorkbench):
    """A place to write labeling functions: draft one, see what changes, look at rows, keep it.

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
        LabelingError: the labels are spans or sets; it names what works for them.
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
