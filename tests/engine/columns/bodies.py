"""Labeling functions as experts write them, of every construct that is compiled to columns."""

import math
import re
from enum import Enum, IntEnum

import pandas as pd

HAM, SPAM, ABSTAIN = 0, 1, -1
WORDS = ("free", "win", "!!", "é")
MANY_WORDS = ("free", "win", "cash", "prize", "click", "here", "song", "love", "now")
SET = {"shop.example", "win.example", "", "ß"}
MIXED = ("shop.example", 3, 2.5, None, True)
NUMBERS = {0, 1, 2.0, 2**53, -(2**60)}
WEIGHTS = {"free": 2, "win": 1, "cash": -1}
SCORES = {"shop.example": 1, "news.example": 0}
LINK = re.compile(r"https?://|www\.")
END = re.compile(r"end$")
SPACES = re.compile(r"\s{2,}")
TWICE = re.compile(r"(\w)\1")
LIMIT = 3
NAN = float("nan")


class Label(IntEnum):
    HAM = 0
    SPAM = 1


class Kind(Enum):
    good = "ham"


class Settings:
    limit = 2


def is_long(text, least=10):
    return len(text) >= least


def lowered(x):
    """The text, in small letters."""
    text = x.text
    if text is None:
        return ""
    return text.lower()


def score_of(x):
    score = 0
    for word, weight in WEIGHTS.items():
        if word in lowered(x):
            score += weight
    return score


# Texts


def keyword(x):
    return SPAM if "free" in x.text else ABSTAIN


def keyword_lower(x):
    return SPAM if "free" in x.text.lower() else ABSTAIN


def keyword_upper(x):
    return SPAM if "SS" in x.text.upper() else ABSTAIN


def keyword_casefold(x):
    return SPAM if "ss" in x.text.casefold() else ABSTAIN


def keyword_not_ascii(x):
    return SPAM if "é" in x.text or "ß" in x.text.lower() else ABSTAIN


def not_in(x):
    return HAM if "free" not in x.text else ABSTAIN


def guarded(x):
    if x.text is None:
        return HAM
    return SPAM if "win" in x.text else ABSTAIN


def is_not_none(x):
    return SPAM if x.text is not None and "win" in x.text else ABSTAIN


def falsy(x):
    if not x.text:
        return HAM
    return SPAM if x.text.startswith("f") else ABSTAIN


def or_empty(x):
    return SPAM if "win" in (x.text or "").lower() else HAM


def subscript(x):
    return SPAM if x["text"] == "free" else ABSTAIN


def got(x):
    text = x.get("text")
    return SPAM if text and "free" in text else ABSTAIN


def got_default(x):
    return SPAM if x.get("nothing", "free") == "free" else ABSTAIN


def starts(x):
    return SPAM if x.text.startswith(("free", "win")) else ABSTAIN


def ends(x):
    return SPAM if x.text.endswith("!") else ABSTAIN


def stripped(x):
    return SPAM if x.text.strip() == "free" else ABSTAIN


def stripped_of(x):
    return SPAM if x.text.rstrip("!?").endswith("e") and x.text.lstrip("f ")[0] != "a" else ABSTAIN


def counted(x):
    return SPAM if x.text.count("!") >= 2 or x.text.count("ee") > 0 else ABSTAIN


def long_text(x):
    return HAM if len(x.text) > 12 else ABSTAIN


def word_count(x):
    return HAM if len(x.text.split()) < 3 else ABSTAIN


def word_among(x):
    return SPAM if "free" in x.text.lower().split() else ABSTAIN


def any_word_in_set(x):
    return SPAM if any(word in MANY_WORDS for word in x.text.split()) else ABSTAIN


def any_words(x):
    return SPAM if any(word in x.text for word in WORDS) else ABSTAIN


def any_of_many_words(x):
    return SPAM if any(word in x.text.lower() for word in MANY_WORDS) else ABSTAIN


def any_of_list(x):
    return SPAM if any([word in x.text for word in WORDS]) else ABSTAIN


def all_words(x):
    return SPAM if all(word not in x.text for word in WORDS) else ABSTAIN


def any_filtered(x):
    return SPAM if any(word in x.text for word in MANY_WORDS if len(word) > 3) else ABSTAIN


def sum_words(x):
    return SPAM if sum(word in x.text.lower() for word in WORDS) >= 2 else ABSTAIN


def sum_of_ones(x):
    return SPAM if sum(1 for word in WORDS if word in x.text) >= 2 else ABSTAIN


def weighted(x):
    return SPAM if sum(weight for word, weight in WEIGHTS.items() if word in x.text) > 1 else HAM


def len_of_list(x):
    return SPAM if len([word for word in WORDS if word in x.text]) == 1 else ABSTAIN


def capitals(x):
    return SPAM if sum(c.isupper() for c in x.text[:40]) > 2 else ABSTAIN


def capital_share(x):
    return SPAM if sum(1 for c in x.text if c.isupper()) / len(x.text) > 0.3 else ABSTAIN


def any_digit(x):
    return SPAM if any(c.isdigit() for c in x.text) else ABSTAIN


def all_alphabetic(x):
    return HAM if all(c.isalpha() or c == " " for c in x.text) else ABSTAIN


def shouting(x):
    return SPAM if x.text.isupper() else ABSTAIN


def kinds_of_text(x):
    if x.text.isdigit() or x.text.isspace():
        return SPAM
    return HAM if x.text.isalpha() or x.text.isalnum() or x.text.islower() else ABSTAIN


def shouting_words(x):
    words = [word for word in x.text.split() if len(word) > 2 and word.isupper()]
    return SPAM if len(words) >= 1 else ABSTAIN


def shouting_words_in_one(x):
    return SPAM if sum(word.isupper() for word in x.text.split()) >= 1 else ABSTAIN


def any_long_word(x):
    return SPAM if any(len(word) > 8 or word.endswith("!") for word in x.text.split()) else ABSTAIN


def all_short_words(x):
    return SPAM if all(len(word) < 4 for word in x.text.split()) else ABSTAIN


def many_letters(x):
    return HAM if sum(len(word) for word in x.text.split() if word not in SET) > 10 else ABSTAIN


def words_lowered(x):
    found = [word for word in x.text.split() if word.lower() in MANY_WORDS]
    if not found:
        return HAM
    return SPAM if len(found) > 1 else ABSTAIN


def words_with_digits(x):
    return SPAM if len([w for w in x.text.split() if any(c.isdigit() for c in w)]) > 0 else ABSTAIN


def words_in_text_of_row(x):
    return SPAM if sum(word in x.domain for word in x.text.split()) > 0 else ABSTAIN


def letters_listed(x):
    letters = [c for c in x.text if c.isalpha()]
    return SPAM if letters and len(letters) < 4 else ABSTAIN


def slices(x):
    return SPAM if x.text[:4] == "free" or x.text[-3:] == "end" or x.text[2:5] == "nd" else ABSTAIN


def characters(x):
    return SPAM if x.text[0] == "f" or x.text[-1] == "!" else ABSTAIN


def found_at(x):
    return SPAM if x.text.find("win") > 0 or x.text.find("free") == -1 else ABSTAIN


def replaced(x):
    return SPAM if x.text.replace("-", "").replace(" ", "").isdigit() else ABSTAIN


def joined(x):
    both = (x.domain or "") + " " + x.text
    return SPAM if "example free" in both else ABSTAIN


def formatted(x):
    return SPAM if "example|free" in f"{x.domain}|{x.text}" else ABSTAIN


def ordered_text(x):
    return SPAM if "a" <= x.text < "g" else ABSTAIN


def text_in_text(x):
    return SPAM if x.domain in x.text else ABSTAIN


def text_in_constant(x):
    return SPAM if x.text in "free cash" else ABSTAIN


def same_text(x):
    return SPAM if x.text == x.domain else ABSTAIN


# Patterns


def link(x):
    return SPAM if LINK.search(x.text) else ABSTAIN


def searched(x):
    return SPAM if re.search(r"fr+ee|\bwin\b", x.text) is not None else ABSTAIN


def searched_ignoring_case(x):
    return SPAM if re.search(r"k?free", x.text, re.IGNORECASE | re.DOTALL) else ABSTAIN


def searched_flags_by_name(x):
    return SPAM if re.search("free", string=x.text, flags=re.I) else ABSTAIN


def matched(x):
    return SPAM if re.match(r"\s*free", x.text) else ABSTAIN


def matched_fully(x):
    return SPAM if bool(re.fullmatch(r"[a-z ]+", x.text)) else ABSTAIN


def at_end(x):
    return SPAM if END.search(x.text) else ABSTAIN


def spaces(x):
    return SPAM if SPACES.search(x.text) else ABSTAIN


def back_reference(x):
    return SPAM if TWICE.search(x.text) else ABSTAIN


def no_match(x):
    match = LINK.search(x.text)
    if match is None:
        return HAM
    return SPAM


def walrus(x):
    if (match := re.search(r"win", x.text)) and x.n > 0:
        return SPAM if match else HAM
    return ABSTAIN


def imports_inside(x):
    import re

    return SPAM if re.search("free", x.text) else ABSTAIN


def compiled_inside(x):
    pattern = re.compile(r"fre+", flags=re.IGNORECASE)
    return SPAM if pattern.search(x.text) or re.compile("w.n").match(x.text) else ABSTAIN


def group_of_match(x):
    match = re.search(r"(\d)", x.text)
    return SPAM if match and match.group(1) == "1" else ABSTAIN


# Numbers


def greater(x):
    return SPAM if x.n > 2 else ABSTAIN


def chain(x):
    return SPAM if 0 < x.n <= 3 else ABSTAIN


def against_float(x):
    return SPAM if x.n > 9007199254740992.0 else HAM


def float_against_int(x):
    return SPAM if x.score > 9007199254740993 or x.score == 0 else HAM


def both_columns(x):
    return SPAM if x.n < x.score else ABSTAIN


def equal_columns(x):
    return SPAM if x.n == x.score or x.n == x.flag else ABSTAIN


def arithmetic(x):
    return SPAM if x.n * 3 - 1 > x.m + 2 else ABSTAIN


def modulo(x):
    return SPAM if x.m % 24 == 5 or x.m // 7 == -1 else ABSTAIN


def ratio(x):
    return SPAM if x.n / x.m > 0.5 else ABSTAIN


def float_arithmetic(x):
    return SPAM if x.score * 2 + x.n - 0.1 > 1 else ABSTAIN


def negative(x):
    return SPAM if -x.score > 0 or -x.m > 2 or +x.m > 5 else ABSTAIN


def absolute(x):
    return SPAM if abs(x.m) > 4 or abs(x.score) > 1.5 else ABSTAIN


def in_numbers(x):
    return SPAM if x.n in NUMBERS else HAM if x.score in NUMBERS else ABSTAIN


def in_mixed(x):
    return SPAM if x.domain in MIXED or x.n in MIXED or x.flag in MIXED else ABSTAIN


def nan_in(x):
    return SPAM if x.score in (NAN, 1.5) else ABSTAIN


def is_nan(x):
    return HAM if math.isnan(x.score) or x.score != x.score else ABSTAIN


def is_missing(x):
    return HAM if pd.isna(x.score) or pd.isna(x.text) or pd.isnull(x.maybe) else ABSTAIN


def is_there(x):
    return SPAM if pd.notna(x.maybe) and x.maybe > 1 else ABSTAIN


def missing_int(x):
    return SPAM if x.maybe is not None and x.maybe >= 2 else ABSTAIN


def missing_compared(x):
    return SPAM if x.maybe > 1 else ABSTAIN


def missing_equal(x):
    return SPAM if x.maybe == 2 or x.text == 3 or x.domain == None else HAM  # noqa: E711


def flag(x):
    return SPAM if x.flag else HAM


def flag_is_true(x):
    return SPAM if x.flag is True else HAM if x.flag is not False else ABSTAIN


def flag_sum(x):
    return SPAM if x.flag + x.n == 1 or x.flag == 1 else ABSTAIN


def instances(x):
    if isinstance(x.text, str) and isinstance(x.n, (int, float)) and not isinstance(x.n, bool):
        return SPAM if isinstance(x.flag, int) else HAM
    return ABSTAIN


def converted(x):
    return SPAM if int(x.flag) + float(x.n) > 2 and str(x.text) != "" else ABSTAIN


def night(x):
    return SPAM if x.when.hour < 5 or x.when.weekday() == 6 else ABSTAIN


def compared_to_text(x):
    return SPAM if x.n > "2" else ABSTAIN


# Ways through a function


def either(x):
    if x.n > 2:
        return SPAM
    elif x.n == 0:
        return HAM
    else:
        return None


def points(x):
    points = 0
    if "free" in x.text:
        points += 2
    if x.n > 1:
        points += 1
    if x.flag:
        points -= 1
    return SPAM if points >= 2 else HAM if points < 0 else ABSTAIN


def loop(x):
    for word in WORDS:
        if word in x.text:
            return SPAM
    return ABSTAIN


def loop_with_break(x):
    found = None
    for word in WORDS:
        if word == "win":
            continue
        if word in x.text:
            found = word
            break
    else:
        return HAM
    return SPAM if found == "free" else ABSTAIN


def unassigned(x):
    if x.n > 1:
        label = SPAM
    return label


def pair(x):
    low, high = 1, x.n
    return SPAM if low < high else ABSTAIN


def asserted(x):
    assert x.n >= 0, "negative"
    return SPAM if x.n > 1 else HAM


def raises(x):
    if x.n > 3:
        raise ValueError("too many")
    return HAM


def tried(x):
    if x.n > 2:
        return SPAM
    try:
        return HAM if int(x.text) else ABSTAIN
    except (ValueError, TypeError):
        return ABSTAIN


def tried_whole(x):
    try:
        if "free" in x.text.lower():
            return SPAM
    except AttributeError:
        return HAM
    else:
        if x.n > 2:
            return HAM
    return ABSTAIN


def tried_and_raised(x):
    try:
        if x.n > 2:
            raise ValueError(x.n)
        label = SPAM
    except ValueError as error:
        label = HAM if str(error) == "3" else ABSTAIN
    return label


def tried_finally(x):
    try:
        return SPAM if x.n > 2 else HAM
    finally:
        len(x.text)


def float_modulo(x):
    return SPAM if x.score % 2 == 1 or x.score % -0.3 < x.n % 0.7 or x.n % x.score > 1 else ABSTAIN


def in_range(x):
    return SPAM if x.n in range(1, 4) or x.score not in range(-5, 30) else ABSTAIN


def loop_over_range(x):
    for number in range(3):
        if x.n == number:
            return SPAM
    return ABSTAIN


def split_parts(x):
    if len(x.text.split(" ")) == 2 or x.text.split("e")[-1] == "!":
        return SPAM
    return HAM if "win" in x.text.split(" ") or x.domain.split(".")[1] == "example" else ABSTAIN


def first_part(x):
    host = x.domain.split(".")[0]
    return {"shop": SPAM, "news": HAM}.get(host, ABSTAIN)


def parts_used_otherwise(x):
    parts = x.text.split("e")
    return SPAM if (parts and parts == ["fr", "", ""]) or parts[-3:] == [] else ABSTAIN


def helper(x):
    return SPAM if is_long(x.text) and is_long(x.domain, least=12) else ABSTAIN


def helper_of_row(x):
    return SPAM if "free" in lowered(x) else ABSTAIN


def helper_with_loop(x):
    return SPAM if score_of(x) >= 2 else ABSTAIN


def looked_up(x):
    return SCORES.get(x.domain, ABSTAIN)


def looked_up_or_error(x):
    return SCORES[x.domain]


def enumerated(x):
    return Label.SPAM if x.n > 1 else Label.HAM


def value_of_member(x):
    return Label.SPAM.value if x.n > 1 else Label["HAM"].value if x.n < 0 else Kind.good.value


def empty_parts(x):
    found = "" in x.text and x.text.startswith("") and x.text.endswith(("", "a"))
    return SPAM if found and x.text.find("") == 0 else HAM


def parts_not_ascii(x):
    if x.text.startswith("é") or x.text.endswith(("ß", "İ")) or x.text.count("é!") > 0:
        return SPAM
    return HAM if x.text.strip("éß") == "" or x.text.replace("é", "e") == "e" else ABSTAIN


def sum_of_floats(x):
    return SPAM if sum(weight for weight in (0.1,) * 10 if x.n >= 0) == 1.0 else ABSTAIN


def settings(x):
    return SPAM if x.n > Settings.limit else ABSTAIN


def named(x):
    return "spam" if x.n > 2 else "ham" if x.n == 1 else None


def wrong_name(x):
    return "spma" if x.n > 2 else ABSTAIN


def column_of_answers(x):
    return x.m


def mutated(x, seen={}):  # noqa: B006
    if x.text in seen:
        return SPAM
    seen[x.text] = 1
    return HAM


def missing_column(x):
    return SPAM if x.n > 1 and x.nothing else ABSTAIN


def late_error(x):
    return SPAM if x.text.title() == "Free" or x.n > 1 else ABSTAIN


def early_answer(x):
    return SPAM if x.n > 1 or x.text.title() == "Free" else ABSTAIN


def always(x):
    return HAM


def nothing(x):
    pass


YES_OR_NO = {
    "yes": lambda x: x.n > 1,
    "yes_match": lambda x: bool(LINK.search(x.text)),
    "yes_and": lambda x: x.flag and x.n > 1,
    "yes_text": lambda x: x.text and "free" in x.text,
    "yes_not": lambda x: not x.flag,
    "yes_none": lambda x: None if x.n > 1 else False,
    "yes_many": lambda x: any(w in x.text for w in WORDS) and not x.domain in SET,  # noqa: E713
}

VOTING = {
    name: value
    for name, value in globals().items()
    if callable(value)
    and getattr(value, "__module__", None) == __name__
    and not isinstance(value, type)
    and name not in ("is_long", "lowered", "score_of")
}
