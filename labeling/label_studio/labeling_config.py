"""The labeling config of a project: what people see and press, made from the schema and read back."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from labeling.errors import PlatformError, shown
from labeling.records import LabelSchema

HOTKEYS = "1234567890"
TEXT, VOTES, WHY, MODEL = "text", "votes", "why", "model"
"""The keys of a task's data that people see."""

RATIONALE = "rationale"

SCROLLS = "max-height: 50vh; overflow: auto; white-space: pre-wrap"
"""How a text is shown: as it was written, and so that a long one hides no choices."""

WORD_JOINER = "\u2060"  # has no width


@dataclass(frozen=True, slots=True)
class Interface:
    """What of a labeling config tells where a label stands in an annotation, and what it may be.

    Attributes:
        control: the name of the choices.
        target: the name of the text that they are about.
        text: the key of the task's data that is shown as the text.
        labels: what may be chosen, in order.
        keys: of a task's data, those that people see.
    """

    control: str
    target: str
    text: str
    labels: tuple[str, ...]
    keys: frozenset[str] = frozenset()

    def result(self, label: str, meta: dict[str, object] | None = None) -> list[dict[str, object]]:
        """Return a label as it stands in an annotation or a prediction."""
        item: dict[str, object] = {
            "from_name": self.control,
            "to_name": self.target,
            "type": "choices",
            "value": {"choices": [label]},
        }
        return [{**item, "meta": meta} if meta else item]


def for_annotators(schema: LabelSchema, *, reasons: bool = False) -> str:
    """Return the labeling config of the annotators' project.

    Args:
        schema: the labels; the first ten have a digit as their hotkey.
        reasons: whether the reasons of the labeling functions are shown.

    >>> print(for_annotators(LabelSchema(["ham", "spam & <eggs>"])))
    <View>
      <View style="max-height: 50vh; overflow: auto; white-space: pre-wrap">
        <Text name="text" value="$text" />
      </View>
      <Choices name="label" toName="text" choice="single-radio" required="true"
        requiredMessage="Choose a label, or skip." showInline="true">
        <Choice value="ham" hotkey="1" />
        <Choice value="spam &amp; &lt;eggs&gt;" hotkey="2" />
      </Choices>
    </View>
    """
    view = ET.Element("View")
    _add_scrolled(view, TEXT)
    _add_choices(view, schema)
    if reasons:
        _add_text(view, "What the labeling functions say", WHY)
    return _written(view)


def for_reviewers(schema: LabelSchema, *, model: bool = False) -> str:
    """Return the labeling config of the reviewers' project: votes, reasons, and a rationale.

    Args:
        schema: the labels.
        model: whether what the label model holds is shown.
    """
    view = ET.Element("View")
    _add_scrolled(view, TEXT)
    _add_text(view, "What annotators said", VOTES)
    _add_text(view, "Why you are asked", WHY)
    if model:
        _add_text(view, "What the label model holds", MODEL)
    _add_choices(view, schema)
    ET.SubElement(
        view,
        "TextArea",
        name=RATIONALE,
        toName=TEXT,
        placeholder="Why? A sentence that helps the next one. Shift+Enter ends it.",
        rows="2",
        maxSubmissions="1",
        editable="true",
        showSubmitButton="false",
    )
    return _written(view)


def read_interface(config: str, project: str) -> Interface:
    """Return where labels stand by a labeling config.

    Raises:
        PlatformError: it has not one single choice about one text.
    """
    try:
        tags = list(ET.fromstring(config).iter())
    except ET.ParseError as error:
        raise PlatformError(f"The labeling config of {project!r} is no XML: {error}.") from error
    texts = {tag.get("name"): tag.get("value", "") for tag in tags if tag.tag == "Text"}
    about = [tag for tag in tags if tag.tag == "Choices" and tag.get("toName") in texts]
    single = [tag for tag in about if tag.get("choice", "single") in ("single", "single-radio")]
    value = texts.get(single[0].get("toName"), "") if len(single) == 1 else ""
    if len(single) != 1 or not value.startswith("$"):
        raise PlatformError(
            f'The labeling config of {project!r} must have one <Choices choice="single"> about one'
            f' <Text value="$text">. It has {len(single)} such. Choose another project, or change'
            " its labeling config; `labeling studio init` makes one that fits."
        )
    (choices,) = single
    labels = [tag.get("alias") or tag.get("value") or "" for tag in choices.iter("Choice")]
    values = [tag.get("value", "") for tag in tags if tag.tag != "Choice"]
    keys = frozenset(one[1:] for one in values if one.startswith("$") and one[1:].isidentifier())
    control, target = str(choices.get("name")), str(choices.get("toName"))
    return Interface(control, target, value[1:], tuple(labels), keys)


def differences(interface: Interface, schema: LabelSchema) -> str:
    """Return in words which labels differ from the schema's; an empty text where none do.

    >>> differences(
    ...     Interface("label", "text", "text", ("ham", "eggs")), LabelSchema(["ham", "spam"])
    ... )
    "it lacks 'spam', and has 'eggs' besides"
    """
    missing = [label for label in schema.labels if label not in interface.labels]
    besides = [label for label in interface.labels if label not in schema.labels]
    parts = [f"it lacks {shown(missing, 10)}"] if missing else []
    parts += [f"{'and ' if missing else 'it '}has {shown(besides, 10)} besides"] if besides else []
    return ", ".join(parts)


def as_html(text: str) -> str:
    """Return a text as HTML that shows it as it is.

    >>> as_html("<b> & so on\\nsecond line")
    '&lt;b&gt; &amp; so on<br>second line'
    """
    return html.escape(text.strip(), quote=False).replace("\n", "<br>")


def _add_choices(view: ET.Element, schema: LabelSchema) -> None:
    choices = ET.SubElement(
        view,
        "Choices",
        name="label",
        toName=TEXT,
        choice="single-radio",
        required="true",
        requiredMessage="Choose a label, or skip.",
        showInline="true",
    )
    for place, label in enumerate(schema.labels):
        choice = ET.SubElement(choices, "Choice", value=label)
        if label.startswith("$"):  # else it stands for a key of the task's data
            choice.set("value", label.replace("$", f"${WORD_JOINER}", 1))
            choice.set("alias", label)
        if place < len(HOTKEYS):
            choice.set("hotkey", HOTKEYS[place])


def _add_text(view: ET.Element, title: str, key: str) -> None:
    ET.SubElement(view, "Header", value=title, size="5")
    _add_scrolled(view, key)


def _add_scrolled(view: ET.Element, key: str) -> None:
    scrolled = ET.SubElement(view, "View", style=SCROLLS)
    ET.SubElement(scrolled, "Text", name=key, value=f"${key}")


def _written(view: ET.Element) -> str:
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")
