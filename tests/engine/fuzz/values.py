"""Writes random texts and numbers, as experts and their opponents write them."""

from tests.engine.fuzz.vocabulary import (
    FLOAT_CALLS,
    FLOATS,
    INT_CALLS,
    INT_NAMES,
    INTS,
    KEYWORDS,
    OF_CHARACTER,
    OF_WORD,
    PARTS,
    PATTERNS,
    SLICES,
    TEXT_METHODS,
    TEXT_NAMES,
    TIME_FIELDS,
)


class Values:
    """Writes texts and numbers; `scope` holds the local variables by their type.

    Args:
        rng: a `random.Random`.
        row: the name of the sample.
    """

    def __init__(self, rng, row="x"):
        self.rng, self.row = rng, row
        self.scope = {"text": [], "int": [], "float": [], "bool": [], "list": []}
        self.allows_walrus = True

    def pick(self, *makers):
        return self.rng.choice(makers)

    def chance(self, share):
        return self.rng.random() < share

    # Columns

    def column(self, name):
        form = self.rng.random()
        if name.isidentifier() and form < 0.8:
            return f"{self.row}.{name}"
        if form < 0.9:
            return f"{self.row}[{name!r}]"
        default = self.rng.choice(["", ", None", ", ''", ", 0"])
        return f"{self.row}.get({name!r}{default})"

    def missing_column(self):
        return self.pick(
            f"{self.row}.nothing",
            f"{self.row}['no thing']",
            f"{self.row}.get('nothing')",
            f"{self.row}.get('nothing', 'free')",
        )

    # Texts

    def text(self, depth):
        if self.scope["text"] and self.chance(0.3):
            return self.rng.choice(self.scope["text"])
        if depth <= 0 or self.chance(0.45):
            return self.text_leaf()
        maker = self.rng.choice(
            [
                *[self.method_of_text] * 5,
                self.text_or_empty,
                self.sliced,
                self.added,
                self.formatted,
            ]
        )
        return maker(depth - 1)

    def text_leaf(self):
        if self.chance(0.03):
            return self.column("mixed")
        if self.chance(0.05):
            return self.column("subject line")
        return self.column(self.rng.choice(TEXT_NAMES))

    def method_of_text(self, depth):
        return f"{self.text(depth)}.{self.rng.choice(TEXT_METHODS)}"

    def part_of_text(self, depth):
        return f"{self.text(depth)}{self.rng.choice(PARTS)}"

    def text_or_empty(self, depth):
        return f"({self.text(depth)} or {self.pick(repr(''), repr('free'), self.text(depth))})"

    def sliced(self, depth):
        return f"{self.text(depth)}{self.rng.choice(SLICES)}"

    def added(self, depth):
        return f"({self.text(depth)} + {self.pick(repr(' '), repr('|é'), self.text(depth))})"

    def formatted(self, depth):
        first, second = self.text(depth), self.any_value(depth)
        if "'" in first + second:
            return f"str({first})"
        form = self.rng.choice(["{%s}|{%s}", "{%s} {%s!r}", "{%s!s}{%s}", "x{%s}y{%s:>5}"])
        return f"f'{form % (first, second)}'"

    # Numbers

    def number(self, depth):
        return self.rng.choice([self.int, self.int, self.float])(depth)

    def int(self, depth):
        if self.scope["int"] and self.chance(0.35):
            return self.rng.choice(self.scope["int"])
        if depth <= 0 or self.chance(0.35):
            return (
                self.column(self.rng.choice(INT_NAMES)) if self.chance(0.8) else self.int_constant()
            )
        kinds = [self.length, self.length, self.counted, self.int_arithmetic, self.summed]
        more = [self.int_call, self.int_if, self.word_count, self.looked_up, self.time_field]
        return self.rng.choice([*kinds, *more])(depth - 1)

    def int_constant(self):
        return self.rng.choice([*INTS, "LIMIT", "Settings.limit", "Label.SPAM"])

    def length(self, depth):
        return f"len({self.text(depth)})"

    def word_count(self, depth):
        return f"len({self.split(depth)})"

    def counted(self, depth):
        return f"{self.text(depth)}.count({self.rng.choice(KEYWORDS)!r})"

    def int_arithmetic(self, depth):
        operator = self.rng.choice(["+", "-", "*", "%", "//", "+", "-", "&", "**"])
        right = self.int_constant() if self.chance(0.5) else self.int(depth)
        if self.chance(0.3):  # at the limits of 64 bits
            operator, name = self.rng.choice("+-*"), self.rng.choice("nnm")
            return f"({self.column('n')} {operator} {self.column(name)})"
        if operator == "**":  # of bounded size
            return f"({self.int(0)} ** {self.rng.choice('023')})"
        return f"({self.int(depth)} {operator} {right})"

    def int_call(self, depth):
        if self.chance(0.3):
            return f"{self.pick('min', 'max')}({self.int(depth)}, {self.int(depth)})"
        call = self.rng.choice(INT_CALLS)
        return call % self.int(depth)

    def int_if(self, depth):
        return f"({self.int(depth)} if {self.bool(depth)} else {self.int(depth)})"

    def summed(self, depth):
        name = self.rng.choice(["w", "word"])
        with_name = self.text(depth)
        return self.pick(
            f"sum({name} in {with_name} for {name} in {self.words()})",
            f"sum(1 for {name} in {self.words()} if {name} in {with_name})",
            f"sum([{name} in {with_name} for {name} in {self.words()}])",
            f"sum(weight for {name}, weight in WEIGHTS.items() if {name} in {with_name})",
            f"sum({with_name}.count({name}) for {name} in {self.words()} if {name})",
            f"sum(c.isupper() for c in {with_name})",
            f"sum(1 for c in {with_name} if {self.of_character()})",
            f"len([{name} for {name} in {self.words()} if {name} in {with_name}])",
            f"len(set({with_name}.split()) & KEYS)",
            f"sum({self.of_word()} for w in {self.split(depth)} if {self.of_word()})",
            f"sum(1 for w in {self.split(depth)} if {self.of_word()})",
            f"len({self.split(depth)})",
            f"len([w for w in {self.split(depth)} if {self.of_word()}])",
            f"max(len(w) for w in {self.split(depth)})",
        )

    def of_character(self):
        return self.rng.choice(OF_CHARACTER)

    def of_word(self):
        return self.rng.choice(OF_WORD).replace("x.", f"{self.row}.")

    def split(self, depth):
        """Return a list of words."""
        if self.scope["list"] and self.chance(0.4):
            return self.rng.choice(self.scope["list"])
        return self.pick(
            f"{self.text(depth)}.split()",
            f"{self.text(depth)}.split()",
            f"{self.text(depth)}.split({self.rng.choice([' ', '.', ', ', 'e'])!r})",
            f"re.findall({self.rng.choice(PATTERNS)!r}, {self.text(depth)})",
            f"[w for w in {self.text(depth)}.split() if {self.of_word()}]",
            f"[c for c in {self.text(depth)} if {self.of_character()}]",
            f"{self.text(depth)}.split()[1:]",
            f"sorted({self.text(depth)}.split())",
        )

    def looked_up(self, depth):
        key = self.text(depth)
        return self.pick(
            f"SCORES.get({key}, 0)", f"SCORES.get({key}, -1)", f"SCORES[{key}]", "len(KEYS)"
        )

    def time_field(self, depth):
        when = self.column("when")
        field = self.rng.choice(TIME_FIELDS)
        return f"{when}.{field}"

    def float(self, depth):
        if self.scope["float"] and self.chance(0.35):
            return self.rng.choice(self.scope["float"])
        if depth <= 0 or self.chance(0.4):
            return self.column("score") if self.chance(0.75) else self.rng.choice(FLOATS)
        return self.rng.choice([self.ratio, self.float_arithmetic, self.float_call, self.share])(
            depth - 1
        )

    def ratio(self, depth):
        return (
            f"({self.int(depth)} / {self.pick(self.int(depth), f'max({self.int(depth)}, 1)', '3')})"
        )

    def share(self, depth):
        text = self.text(depth)
        return f"(sum(1 for c in {text} if {self.of_character()}) / max(len({text}), 1))"

    def float_arithmetic(self, depth):
        operator = self.rng.choice(["+", "-", "*", "/", "%", "//"])
        return f"({self.number(depth)} {operator} {self.float(depth)})"

    def float_call(self, depth):
        call = self.rng.choice(FLOAT_CALLS)
        return call % self.float(depth)
