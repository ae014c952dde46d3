"""The forms that answers of labeling functions are kept in: codes, sets of labels, or spans."""

from labeling.engine.forms.base import Calls, VoteForm
from labeling.engine.forms.codes import CodeForm
from labeling.engine.forms.sets import SetForm
from labeling.engine.forms.spans import SpanForm
from labeling.records import LabelKind, LabelSchema


def form_of(schema: LabelSchema, text: str = "text") -> VoteForm:
    """Return the form of votes on samples.

    Args:
        schema: the labels.
        text: the column that spans are in; of no meaning for labels of whole samples.
    """
    if schema.kind == LabelKind.SPANS:
        return SpanForm(schema, text)
    return SetForm(schema) if schema.kind == LabelKind.SEVERAL else CodeForm(schema)


__all__ = ["Calls", "CodeForm", "SetForm", "SpanForm", "VoteForm", "form_of"]
