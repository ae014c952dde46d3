"""Random patterns of Python's `re`, as trees of its constructs, and ASCII texts that they match."""

import itertools
import re
import warnings

from hypothesis import strategies as st

CHARACTERS = "akKsiIb_1.- \n\t"
CONTROLS = "\x00\x0b\x0c\r\x1b\x1c\x1d\x1e\x1f\x7f"
OTHERS = "é\u212a\u017f\u0130\u0131ß\u2028٣\u00a0"  # some match ASCII letters in any case
FLAGS = [re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII, re.VERBOSE]

ESCAPES = [rf"\{letter}" for letter in "dDwWsS"]
POSITIONS = ["^", "$", r"\A", r"\Z", r"\b", r"\B", r"(?<!\w)", r"(?!\w)", "(?=a)", r"(?<=\d)"]
QUANTIFIERS = ["?", "*", "+", "{2}", "{1,2}", "{,2}", "{0}", "{1,}", "??", "*?", "+?", "{1,3}?"]
OPENINGS = ["(", "(?:", "(?i:", "(?-i:", "(?s:", "(?m:", "(?a:", "(?u:", "(?>", "(?P<name>"]


def _class_items():
    one = st.sampled_from(CHARACTERS + CONTROLS + OTHERS).map(re.escape)
    ranges = st.sampled_from(["a-k", "A-Z", "0-9", r"\x00-\x1f", "À-\u212a", "!-~", "+-."])
    return st.lists(one | ranges | st.sampled_from(ESCAPES), min_size=1, max_size=3)


def _atoms():
    return st.one_of(
        st.sampled_from(CHARACTERS + "ab").map(re.escape),
        st.sampled_from(CHARACTERS + CONTROLS + OTHERS).map(re.escape),
        st.sampled_from([".", *ESCAPES]),
        st.sampled_from(POSITIONS),
        st.builds(lambda sign, items: f"[{sign}{''.join(items)}]", st.sampled_from(["", "^"]),
                  _class_items()),
    )  # fmt: skip


def _larger(parts):
    return st.one_of(
        st.lists(parts, min_size=2, max_size=4).map("".join),
        st.lists(parts | st.just(""), min_size=2, max_size=3).map(
            lambda branches: f"(?:{'|'.join(branches)})"
        ),
        st.builds(lambda opening, part: f"{opening}{part})", st.sampled_from(OPENINGS), parts),
        st.builds(lambda part, sign: f"(?:{part}){sign}", parts, st.sampled_from(QUANTIFIERS)),
        st.builds(lambda atom, sign: f"{atom}{sign}", _atoms(), st.sampled_from(QUANTIFIERS)),
    )


@st.composite
def patterns(draw):
    """Draw a compiled pattern; some are of constructs without an equal in other engines."""
    source = draw(st.recursive(_atoms(), _larger, max_leaves=8))
    if draw(st.booleans()):
        source += draw(st.sampled_from(["$", "|b", r"\b", r"\Z", "$|a", "a"]))
    flags = sum(draw(st.lists(st.sampled_from(FLAGS), unique=True, max_size=2)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(source, flags)
        except (re.error, OverflowError):
            return re.compile(re.escape(source), flags)  # such as a group name given twice


def ascii_texts():
    """Return ASCII texts: all short ones of some characters, longer ones, control characters."""
    short = [
        "".join(text) for size in range(4) for text in itertools.product("aK1 \n", repeat=size)
    ]
    parts = ["a", "k", "K", "s", "b1", "_", ".", "-", " ", "\n", "\t", "ab", "\x1c", "\x00", "iI"]
    longer = ["".join(text) for text in itertools.product(parts, repeat=2)]
    around = [f"{left}a{control}{right}" for control in CONTROLS for left in ("", "k")
              for right in ("", "\n", "a")]  # fmt: skip
    return [*short, *longer, *around, "\n\n", "a\n\n", "a b\na", "a" * 200, "ab" * 30 + "\n"]
