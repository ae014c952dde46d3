"""Users' texts stay readable on a terminal; control characters and markup are escaped."""

import pytest

from labeling.cli.escaping import safe


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "\u3000日本",
        "caf\u00e9\u00a0!",
        "👨\u200d👩",
        "\u0645\u06cc\u200c\u062e\u0648",
        "a\tb\nc",
        ":smile:",
    ],
)
def test_readable_text_stays_as_it_is(text):
    assert text == safe(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\rb", "a\\rb"),
        ("\u202eabc", "\\u202eabc"),
        ("[b]x[/b]", "\\[b]x\\[/b]"),
    ],
)
def test_what_would_steer_is_written_out(text, shown):
    assert shown == safe(text)
