"""Labeling configs of new projects, generated from the schema: displayed fields and controls."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET

from labeling.records import LabelSchema

HOTKEYS = "1234567890"
TEXT, VOTES, WHY, MODEL, REWORK = "text", "votes", "why", "model", "rework"
VOTE = "vote"
"""Keys of a task's data that are displayed."""

CONTROL, RATIONALE = "label", "rationale"
"""Names of the controls: the choice of a label, and a reviewer's rationale."""

ACCEPT, REJECT, FIX = "accept", "reject", "fix: "
"""Choices of who checks a vote; the last one is followed by the right label."""

QUESTION = "Which label fits this text?"
PLACEHOLDER = (
    "Why? A sentence that helps the next one. Then press Submit; or Shift+Enter, and Ctrl+Enter."
)
"""Shift+Enter first: in the text field Ctrl+Enter alone does nothing."""

NARROW_SCREEN_CSS = (
    "@media (max-width: 700px) { .lsf-editor { margin: 0; width: 100%; min-width: 0; }"
    " .lsf-bottombar { flex-wrap: wrap; height: auto; } }"
)
"""Keeps Skip and Submit visible on narrow screens."""

SCROLLING = "max-height: 50vh; overflow: auto; white-space: pre-wrap"
"""Style of a text: white space is kept, and a long text scrolls instead of hiding the choices."""

WORD_JOINER = "\u2060"  # an invisible character


def annotator_config(schema: LabelSchema, *, reasons: bool = False, rework: bool = False) -> str:
    """Return the labeling config of the annotators' project.

    Args:
        schema: the labels; the first ten get a digit as their hotkey, and descriptions become
            tooltips.
        reasons: whether the reasons of the labeling functions are displayed.
        rework: whether it is displayed why an earlier vote was rejected.

    >>> schema = LabelSchema(["ham", "spam & <eggs>"], {"ham": "Wanted."})
    >>> print(annotator_config(schema))  # doctest: +ELLIPSIS
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
    if rework:  # without a name: tasks from before may lack the key
        ET.SubElement(view, "Header", value=f"${REWORK}", size="4")
    _add_scrolling_text(view, TEXT)
    ET.SubElement(view, "Header", value=QUESTION, size="5")
    _add_choices(view, schema)
    if reasons:
        _add_section(view, "What the labeling functions say", WHY)
    return _to_xml(view)


def reviewer_config(schema: LabelSchema, *, model: bool = False) -> str:
    """Return the labeling config of the reviewers' project, with votes, reasons and a rationale.

    Args:
        schema: the labels.
        model: whether the label model's label is displayed.
    """
    view = _view()
    _add_scrolling_text(view, TEXT)
    _add_section(view, "What annotators said", VOTES)
    _add_section(view, "Why you are asked", WHY)
    if model:
        _add_section(view, "What the label model holds", MODEL)
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
    return _to_xml(view)


def check_schema(schema: LabelSchema) -> LabelSchema:
    """Return the choices of who checks a vote: accept it, reject it, or fix it by each label.

    >>> check_schema(LabelSchema(["ham", "spam"])).labels
    ('accept', 'reject', 'fix: ham', 'fix: spam')
    """
    descriptions = {
        ACCEPT: "The vote is right.",
        REJECT: "The vote is wrong: its annotator is asked again, and shown the reason.",
        **{f"{FIX}{label}": text for label, text in schema.descriptions.items()},
    }
    labels = [ACCEPT, REJECT, *(f"{FIX}{label}" for label in schema.labels)]
    return LabelSchema(labels, descriptions)


def check_config(schema: LabelSchema) -> str:
    """Return the labeling config of the project in which reviewers check votes.

    The digits are hotkeys: 1 accepts, 2 rejects and asks for a reason, and further ones fix.

    Args:
        schema: the choices; see `check_schema`.
    """
    view = _view()
    _add_scrolling_text(view, TEXT)
    _add_section(view, "What one annotator said", VOTE)
    ET.SubElement(view, "Header", value="Is it right?", size="5")
    _add_choices(view, schema)
    only_on_reject = {
        "visibleWhen": "choice-selected",
        "whenTagName": CONTROL,
        "whenChoiceValue": REJECT,
    }  # of the view: the text area itself knows no such attributes, and is not required unseen
    ET.SubElement(
        ET.SubElement(view, "View", only_on_reject),
        "TextArea",
        name=RATIONALE,
        toName=TEXT,
        placeholder="What is wrong? The annotator reads it. Then Shift+Enter, and Ctrl+Enter.",
        rows="2",
        maxSubmissions="1",
        editable="true",
        showSubmitButton="false",
        required="true",
        requiredMessage="Write what is wrong: the annotator is asked again, and reads it.",
    )
    return _to_xml(view)


def instructions_html(guidelines: str, schema: LabelSchema) -> str:
    """Return the project's instructions as HTML: the guidelines and the labels' descriptions.

    >>> instructions_html("Skip <b>.\\n", LabelSchema(["ham", "spam"], {"ham": "Wanted."}))
    'Skip &lt;b&gt;.<br><br>ham: Wanted.'
    """
    meanings = "\n".join(f"{label}: {text}" for label, text in schema.descriptions.items())
    parts = (part for part in (guidelines.strip(), meanings) if part)
    return html.escape("\n\n".join(parts), quote=False).replace("\n", "<br>")


def choice_element(label: str) -> ET.Element:
    """Return the Choice tag of a label."""
    choice = ET.Element("Choice", value=_literal(label))
    if choice.get("value") != label:
        choice.set("alias", label)
    return choice


def needs_update(config: str, wanted: str) -> bool:
    """Whether a generated labeling config is out of date.

    Tags, labels and their descriptions are compared; other attributes that an administrator has
    changed, such as hotkeys, are kept.
    """
    return _content(ET.fromstring(config)) != _content(ET.fromstring(wanted))


def is_generated(config: str, *generated: str) -> bool:
    """Whether a labeling config was generated by this or an earlier version, for whatever labels.

    Args:
        config: the labeling config on the server.
        generated: the configs that this version generates.
    """
    skeleton = _skeleton(ET.fromstring(config))
    return any(skeleton == _skeleton(ET.fromstring(own_config)) for own_config in generated)


def _content(root: ET.Element) -> list[tuple[str | None, ...]]:
    names = ("name", "toName", "value", "alias", "hint")
    return [(tag.tag, *map(tag.get, names)) for tag in root.iter()]


def _skeleton(root: ET.Element) -> list[tuple[str | None, ...]]:
    """Return a config's tags without its labels and without tags that earlier versions lack."""
    tags = (
        tag
        for tag in root.iter()
        if tag.tag != "Choice" and tag.get("value") != QUESTION and tag.text != NARROW_SCREEN_CSS
    )
    return [(tag.tag, *map(tag.get, ("name", "toName", "value"))) for tag in tags]


def _view() -> ET.Element:
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = NARROW_SCREEN_CSS
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
    for position, label in enumerate(schema.labels):
        choice = choice_element(label)
        if position < len(HOTKEYS):
            choice.set("hotkey", HOTKEYS[position])
        if label in schema.descriptions:
            choice.set("hint", _literal(schema.descriptions[label]))
        choices.append(choice)


def _literal(text: str) -> str:
    """Return a text escaped for a labeling config, where a leading $ refers to the task's data."""
    return text.replace("$", f"${WORD_JOINER}", 1) if text.startswith("$") else text


def _add_section(view: ET.Element, title: str, key: str) -> None:
    ET.SubElement(view, "Header", value=title, size="5")
    _add_scrolling_text(view, key)


def _add_scrolling_text(view: ET.Element, key: str) -> None:
    container = ET.SubElement(view, "View", style=SCROLLING)
    ET.SubElement(container, "Text", name=key, value=f"${key}")


def _to_xml(view: ET.Element) -> str:
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")
