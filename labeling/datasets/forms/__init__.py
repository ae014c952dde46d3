"""What the labels of a training set are, and how each kind is stored, shown and written."""

from labeling.datasets.forms.label_form import LabelForm
from labeling.datasets.forms.list_form import ListForm
from labeling.datasets.forms.set_labels import SetLabels
from labeling.datasets.forms.span_labels import SpanLabels

__all__ = ["LabelForm", "ListForm", "SetLabels", "SpanLabels"]
