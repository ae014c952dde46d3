"""`Explorer`: the widget, which carries answers and pages between Python and a notebook's page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from labeling.errors import LabelingError
from labeling.notebook.dev_set import DevSet
from labeling.notebook.explorer.bucket_pages import BucketPages
from labeling.notebook.explorer.draws import drawn
from labeling.notebook.explorer.session import LabelSession
from labeling.records import is_whole_number
from labeling.rendering import Table, View
from labeling.rendering.formatting import cleaned
from labeling.rendering.html import html_of
from labeling.rendering.plain import plain_of

FOLDER = Path(__file__).parent
SHOWN = 10


class Explorer(anywidget.AnyWidget):
    """Keyboard labelling of a dev set, and a browser of buckets, in a notebook.

    `Workbench.explore` makes one. Answers come as messages, one by one: changes of a value could
    be merged on their way.

    Attributes:
        labels: names of the labels.
        queue: the samples that are offered.
        answers: the code of each one's label, -1 = skipped, `None` = open.
        order: the answered samples, the last answer last.
        handled: messages about answers that were handled.
        note: how the samples were chosen.
        message: what could not be done, as `text`, and its number.
        menus: the choices that change.
        page: the page of a bucket.
    """

    _esm = FOLDER / "explorer.js"
    _css = FOLDER / "explorer.css"

    labels: Any = traitlets.List().tag(sync=True)
    queue: Any = traitlets.List().tag(sync=True)
    answers: Any = traitlets.List().tag(sync=True)
    order: Any = traitlets.List().tag(sync=True)
    handled = traitlets.Int(0).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    message: Any = traitlets.Dict().tag(sync=True)
    menus: Any = traitlets.Dict().tag(sync=True)
    page: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, session: LabelSession, pages: BucketPages, note: str) -> None:
        self._session, self._pages = session, pages
        self._latest: dict[str, int] = {}  # the number of the last message about each sample
        self._lock = threading.Lock()
        super().__init__(
            labels=[cleaned(label) for label in session.workbench.schema.labels],
            queue=session.queue(),
            answers=session.answers,
            order=session.order,
            note=cleaned(note),
            menus=pages.menus(),
        )
        self.on_msg(self._received)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each sample that is offered, the ids as index.

        Returns:
            A frame with the columns `label` (`None` where there is none), `skipped` and `seconds`
            for which the sample was looked at (NaN where that is not known).
        """
        return self._session.to_frame()

    def _received(self, _widget: object, content: Any, _buffers: object) -> None:
        """Do what a message asks for; what cannot be done is shown on the page.

        JupyterLab may deliver messages in a thread while a cell runs, and in two threads at first,
        so that one may overtake another. Answers are kept at once, of each sample the one that was
        sent last; a bucket is looked at when the cell is done, as it may run labeling functions.
        """
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "browse":
            _when_idle(lambda: self._browse(content.get("query"), content.get("number")))
        elif kind in ("answer", "undo"):
            with self._lock:
                if not self._is_late(content):
                    self._do(lambda: self._answer(kind, content))
                self._answered()

    def _is_late(self, content: dict[str, Any]) -> bool:
        """Whether a later message about the same sample, from the same page, came before."""
        number = content.get("number")
        if not is_whole_number(number):
            return False
        key = repr((content.get("page"), content.get("at")))
        latest = self._latest.get(key, 0)
        self._latest[key] = max(latest, int(number))
        return number < latest

    def _answer(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "undo":
            self._session.undo(content.get("at"))
        else:
            self._session.answer(*(content.get(name) for name in ("at", "code", "seconds")))

    def _do(self, action: Callable[[], None]) -> None:
        try:
            action()
        except LabelingError as error:
            self._tell(str(error))
        else:
            self._tell("")

    def _browse(self, query: Any, number: Any) -> None:
        def show() -> None:
            page = self._pages.page(query, number)
            # Counted, so that an equal page is sent too, and the browser knows that it has it.
            self.page = page | {"asked": self.page.get("asked", 0) + 1}

        self._do(show)
        self.menus = self._pages.menus()

    def _answered(self) -> None:
        with self.hold_sync():  # the page must not see the count before the answers
            self.answers, self.order = self._session.answers, self._session.order
            self.handled += 1

    def _tell(self, text: str) -> None:
        if text or self.message.get("text"):
            self.message = {"text": cleaned(text), "number": self.message.get("number", 0) + 1}

    def _view(self) -> View:
        frame = self.to_frame()
        answered = frame[frame["skipped"] | frame["label"].notna()]
        rows = tuple(
            (str(key), "skipped" if skipped else str(label))
            for key, label, skipped in zip(
                answered.index, answered["label"], answered["skipped"], strict=True
            )
        )
        title = f"Explorer: {self._session.progress()}"
        if not rows:
            return View(title, (self.note,))
        table = Table(("id", "answer"), rows[:SHOWN], left_out=max(len(rows) - SHOWN, 0))
        return View(title, (self.note, table))

    def __repr__(self) -> str:
        return plain_of(self._view())

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the widget, and for pages without widgets what was answered."""
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None:
            return None
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return {**data, "text/plain": repr(self), "text/html": html_of(self._view())}, metadata


def _when_idle(action: Callable[[], None]) -> None:
    """Call a function in the main thread, between cells."""
    if threading.current_thread() is not threading.main_thread():
        from IPython.core.getipython import get_ipython

        kernel = getattr(get_ipython(), "kernel", None)
        if kernel is not None:
            kernel.io_loop.add_callback(action)
            return
    action()


def explorer_of(workbench: DevSet, n: int, which: str) -> Explorer:
    """Return an explorer; meaning and errors are those of `Workbench.explore`."""
    moment = workbench._moment()
    rows, sentence = drawn(moment, which, workbench._given(), n)
    session = LabelSession(workbench, rows, which)
    note = " ".join([sentence, *session.sentences()])
    return Explorer(session, BucketPages(workbench), note)
