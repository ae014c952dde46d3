"""Choices are added to any labeling config without changing another character."""

import xml.etree.ElementTree as ET

import pytest

from labeling import LabelSchema
from labeling.errors import PlatformError
from labeling.label_studio.config_edits import with_labels
from labeling.label_studio.config_reader import read_interface
from labeling.label_studio.labeling_config import annotator_config, is_generated, needs_update

TEXT = '<Text name="t" value="$t"/>'


@pytest.mark.parametrize(
    ("choices", "behind"),
    [
        ('<Choices name="c" toName="t"/>', "</Choices>"),
        ('<Choices name="c" toName="t" hint="a/>b"   />', "</Choices>"),
        ('<Choices name="c" toName="t"></Choices>', "</Choices>"),
        ('<Choices name="c" toName="t"><Choice value="ä &gt; b"/></Choices >', "</Choices >"),
        ("<Choices\tname='c'\n toName='t'><!-- </Choices> --><Choice value='x'/></Choices>", ""),
        (
            '<Choices name="c" toName="t">\r\n\t<View><Choice value="x"/></View>\r\n</Choices>',
            "\r\n</Choices>",
        ),
    ],
)
def test_choices_are_added_behind_those_there(choices, behind):
    other = '<Choices name="other" toName="t" choice="multiple"><Choice value="o"/></Choices>'
    config = f"<View><!-- 日本 -->{TEXT}{other}{choices}<Rating name='r' toName='t'/></View>"
    before = read_interface(config, "p").labels
    found = with_labels(config, "c", ["new & <b>", "$5"])
    after = read_interface(found, "p")

    assert (*before, "new & <b>", "$5") == after.labels
    assert "c" == after.control
    head, tail = config.split(choices)
    assert found.startswith(head)
    assert found.endswith(behind + tail)
    assert other in found


def test_labels_may_have_an_alias():
    choice = '<Choice value="Ham!" alias="ham"/>'
    config = f'<View>{TEXT}<Choices name="c" toName="t">{choice}</Choices></View>'
    assert ("ham", "spam") == read_interface(with_labels(config, "c", ["spam"]), "p").labels


@pytest.mark.parametrize(
    "attributes",
    ['choice="multiple"', 'perRegion="true"', 'value="$options"', 'allowNested="true"'],
)
def test_choices_that_hold_no_single_fixed_label_do_not_fit(attributes):
    choices = f'<Choices name="c" toName="t" {attributes}><Choice value="a"/></Choices>'
    config = f"<View>{TEXT}{choices}</View>"
    with pytest.raises(PlatformError, match="It has <Choices c>"):
        read_interface(config, "p")


def test_a_config_of_ours_is_known_whatever_its_labels_and_no_other_is():
    narrow, wide = LabelSchema(["ham", "spam"]), LabelSchema(["ham", "spam", "x"], {"x": "Else."})
    made, wanted = annotator_config(narrow), annotator_config(wide)
    assert is_generated(made, wanted)
    assert needs_update(made, wanted)
    assert not needs_update(made.replace('hotkey="1"', 'hotkey="h"'), made)
    for change in (
        ("</Choices>", '</Choices><TextArea name="note" toName="text" />'),
        ("<Choices", '<Header value="Mind the sender" /><Choices'),
        ('name="label"', 'name="verdict"'),
        ('value="$text"', 'value="$body"'),
    ):
        other = made.replace(*change)
        assert other != made
        assert ET.fromstring(other) is not None
        assert not is_generated(other, wanted)
