"""The labeling config of a project of ours: what people see and press, made from the schema."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET

from labeling.records import LabelSchema

HOTKEYS = "1234567890"
TEXT, VOTES, WHY, MODEL = "text", "votes", "why", "model"
"""The keys of a task's data that people see."""

CONTROL, RATIONALE = "label", "rationale"
"""The controls that people use: the choices, and a reviewer's reason."""

QUESTION = "Which label fits this text?"
PLACEHOLDER = (
    "Why? A sentence that helps the next one. Then press Submit; or Shift+Enter, and Ctrl+Enter."
)
"""As the page has it: while one writes, Ctrl+Enter alone does nothing."""

ON_PHONES = (
    "@media (max-width: 700px) { .lsf-editor { margin: 0; width: 100%; min-width: 0; }"
    " .lsf-bottombar { flex-wrap: wrap; height: auto; } }"
)
"""Without it Skip and Submit are out of view on a narrow screen."""

SCROLLS = "max-height: 50vh; overflow: auto; white-space: pre-wrap"
"""How a text is shown: as it was written, and so that a long one hides no choices."""

WORD_JOINER = "\u2060"  # has no width


def annotator_config(schema: LabelSchema, *, reasons: bool = False) -> str:
    """Return the labeling config of the annotators' project.

    Args:
        schema: the labels; the first ten have a digit as their hotkey, and what a label means is
            shown where the pointer rests on it.
        reasons: whether the reasons of the labeling functions are shown.

    >>> schema = LabelSchema(["ham", "spam & <eggs>"], {"ham": "Wanted."})
    >>> print(for_annotators(schema))  # doctest: +ELLIPSIS
    <View>
      <Style>@media (max-width: 700px) { ... }</Style>
      <View style="max-height: 50vh; overflow: auto; white-space: pre-wrap">
        <Text name="text" value="$text" />
      </View>
      <Header value="Which label fits this text?" size="5" />
      <Choices name="label" toName="text" choice="single-radio" required="true"
        requiredMessage="Choose a label, or skip." showInline="true">
        <Choice value="ham" hotkey="1" hint="Wanted." />
        <Choice value="spam &amp; &lt;eggs&gt;" hotkey="2" />
      </Choices>
    </View>
    """
    view = _view()
    _add_scrolled(view, TEXT)
    ET.SubElement(view, "Header", value=QUESTION, size="5")
    _add_choices(view, schema)
    if reasons:
        _add_text(view, "What the labeling functions say", WHY)
    return _written(view)


def reviewer_config(schema: LabelSchema, *, model: bool = False) -> str:
    """Return the labeling config of the reviewers' project: votes, reasons, and a rationale.

    Args:
        schema: the labels.
        model: whether what the label model holds is shown.
    """
    view = _view()
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
        placeholder=PLACEHOLDER,
        rows="2",
        maxSubmissions="1",
        editable="true",
        showSubmitButton="false",
    )
    return _written(view)


def instructions_html(guidelines: str, schema: LabelSchema) -> str:
    """Return what people are shown when they begin, as HTML: guidelines, and what labels mean.

    >>> guide_of("Skip <b>.\\n", LabelSchema(["ham", "spam"], {"ham": "Wanted."}))
    'Skip &lt;b&gt;.<br><br>ham: Wanted.'
    """
    meanings = "\n".join(f"{label}: {text}" for label, text in schema.descriptions.items())
    parts = (part for part in (guidelines.strip(), meanings) if part)
    return html.escape("\n\n".join(parts), quote=False).replace("\n", "<br>")


def choice_element(label: str) -> ET.Element:
    """Return a choice as it stands in a labeling config."""
    choice = ET.Element("Choice", value=_literal(label))
    if choice.get("value") != label:
        choice.set("alias", label)
    return choice


def needs_update(config: str, wanted: str) -> bool:
    """Whether a labeling config of ours lacks something that the wanted one has.

    Looked at are the tags, the labels and what is said of them; whatever else an administrator has
    chosen, such as other hotkeys, is left.
    """
    return _content(ET.fromstring(config)) != _content(ET.fromstring(wanted))


def is_generated(config: str, *made: str) -> bool:
    """Whether a labeling config is as we make it, now or in versions before, whatever its labels.

    Args:
        config: as the server has it.
        made: the configs that we make.
    """
    own = _skeleton(ET.fromstring(config))
    return any(own == _skeleton(ET.fromstring(one)) for one in made)


def _content(root: ET.Element) -> list[tuple[str | None, ...]]:
    names = ("name", "toName", "value", "alias", "hint")
    return [(tag.tag, *map(tag.get, names)) for tag in root.iter()]


def _skeleton(root: ET.Element) -> list[tuple[str | None, ...]]:
    """Return the tags of a config but for its labels, and for what versions before did not have."""
    tags = (
        tag
        for tag in root.iter()
        if tag.tag != "Choice" and tag.get("value") != QUESTION and tag.text != ON_PHONES
    )
    return [(tag.tag, *map(tag.get, ("name", "toName", "value"))) for tag in tags]


def _view() -> ET.Element:
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = ON_PHONES
    return view


def _add_choices(view: ET.Element, schema: LabelSchema) -> None:
    choices = ET.SubElement(
        view,
        "Choices",
        name=CONTROL,
        toName=TEXT,
        choice="single-radio",
        required="true",
        requiredMessage="Choose a label, or skip.",
        showInline="true",
    )
    for place, label in enumerate(schema.labels):
        choice = choice_element(label)
        if place < len(HOTKEYS):
            choice.set("hotkey", HOTKEYS[place])
        if label in schema.descriptions:
            choice.set("hint", _literal(schema.descriptions[label]))
        choices.append(choice)


def _literal(text: str) -> str:
    """Return a text that stands for itself: with $ at its beginning it would name a task's data."""
    return text.replace("$", f"${WORD_JOINER}", 1) if text.startswith("$") else text


def _add_text(view: ET.Element, title: str, key: str) -> None:
    ET.SubElement(view, "Header", value=title, size="5")
    _add_scrolled(view, key)


def _add_scrolled(view: ET.Element, key: str) -> None:
    scrolled = ET.SubElement(view, "View", style=SCROLLS)
    ET.SubElement(scrolled, "Text", name=key, value=f"${key}")


def _written(view: ET.Element) -> str:
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")
