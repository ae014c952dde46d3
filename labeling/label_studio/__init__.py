"""The only room that talks to Label Studio: asks, collects, asks again and escalates, each once."""

from labeling.label_studio.platform import LabelStudio

__all__ = ["LabelStudio"]
