"""Writes random conditions, as experts and their opponents write them."""

from functools import cached_property

from tests.engine.fuzz.values import Values
from tests.engine.fuzz.vocabulary import (
    CLASSES,
    COMPARISONS,
    FLAGS,
    FLOATS,
    INTS,
    KEYWORDS,
    KINDS_OF_TEXT,
    PATTERNS,
)


class Conditions(Values):
    """Writes conditions."""

    def bool(self, depth):
        if self.scope["bool"] and self.chance(0.2):
            return self.rng.choice(self.scope["bool"])
        if depth <= 0:
            return self.rng.choice([self.flag, self.keyword, self.compared])(0)
        return self.rng.choice(self.kinds)(depth - 1)

    @cached_property
    def kinds(self):
        often = [self.keyword, self.compared, self.joined, self.pattern, self.quantified]
        sometimes = [self.member, self.is_missing, self.flag, self.affix, self.words_of]
        sometimes += [self.of_kind, self.at_limits]
        seldom = [self.negated, self.chain, self.instance, self.compared_texts]
        return [*often * 4, *sometimes * 2, *seldom, self.helped, self.odd, self.walrus]

    def flag(self, depth):
        return self.pick(
            self.column("flag"),
            f"{self.column('flag')} is {self.rng.choice(['True', 'not False', 'None'])}",
            self.column(self.rng.choice(["text", "title", "n", "maybe", "score"])),
            f"bool({self.column('n')})",
            f"{self.column('flag')} == {self.rng.choice(['1', 'True', '0', '1.0'])}",
        )

    def keyword(self, depth):
        operator = "in" if self.chance(0.85) else "not in"
        return f"{self.rng.choice(KEYWORDS)!r} {operator} {self.text(depth)}"

    def at_limits(self, depth):
        """What is computed and compared where doubles and 64 bits end."""
        n, other = self.column("n"), self.column(self.rng.choice(["n", "n", "m", "score"]))
        operator, comparison = self.rng.choice("+-*"), self.rng.choice(COMPARISONS)
        return self.pick(
            f"({n} {operator} {other}) {comparison} {self.rng.choice(INTS)}",
            f"{n} {comparison} {self.rng.choice(['2.0**53', '2.0**62', '2.0**63', '-2.0**53'])}",
            f"{n} {comparison} {self.column('score')}",
            f"{self.column('score')} {comparison} {self.rng.choice(['2**53', '2**53 + 1', 'NAN'])}",
            f"{self.column('score')} in {self.rng.choice(['(NAN, 1.5)', '{0, NAN}', '[-0.0, 3]'])}",
            f"abs({n}) {comparison} {self.rng.choice(INTS)}",
            f"-{n} {comparison} 0",
        )

    def compared(self, depth):
        constants = (self.int_constant(), self.rng.choice(INTS), self.rng.choice(FLOATS))
        right = self.rng.choice(constants) if self.chance(0.75) else self.number(depth)
        return f"{self.number(depth)} {self.rng.choice(COMPARISONS)} {right}"

    def chain(self, depth):
        operators = self.rng.choice(["< %s <=", "<= %s <", "== %s !=", "> %s >"])
        return f"{self.rng.choice(INTS)} {operators % self.number(depth)} {self.number(depth)}"

    def compared_texts(self, depth):
        right = repr(self.rng.choice(KEYWORDS)) if self.chance(0.7) else self.text(depth)
        return f"{self.text(depth)} {self.rng.choice(COMPARISONS)} {right}"

    def joined(self, depth):
        operator = self.rng.choice(["and", "or"])
        parts = [self.bool(depth) for _ in range(self.rng.choice([2, 2, 3]))]
        return f"({f' {operator} '.join(parts)})"

    def negated(self, depth):
        return f"(not {self.bool(depth)})"

    def pattern(self, depth):
        pattern, text = self.rng.choice(PATTERNS), self.text(depth)
        method = self.rng.choice(["search", "search", "match", "fullmatch"])
        flags = self.rng.choice(
            ["", "", "", f", {self.rng.choice(FLAGS)}", f", flags={self.rng.choice(FLAGS)}"]
        )
        call = self.pick(
            f"re.{method}({pattern!r}, {text}{flags})",
            f"re.{method}(r'{pattern}', {text})",
            f"{self.rng.choice(['LINK', 'END', 'SPACES', 'TWICE', 'CALL'])}.{method}({text})",
            f"len(re.findall({pattern!r}, {text})) > 1",
        )
        is_call = not call.startswith("len")
        ending = self.rng.choice(["", "", " is not None", " is None"]) if is_call else ""
        return self.rng.choice(["%s", "%s", "bool(%s)"]) % f"{call}{ending}"

    def quantified(self, depth):
        function = self.rng.choice(["any", "any", "all"])
        text = self.text(depth)
        inner = self.pick(
            f"w in {text} for w in {self.words()}",
            f"w not in {text} for w in {self.words()}",
            f"w in {text} for w in {self.words()} if len(w) > 2",
            f"{text}.startswith(w) for w in {self.words()}",
            f"{self.of_word()} for w in {self.split(depth)}",
            f"{self.of_word()} for w in {self.split(depth)} if {self.of_word()}",
            f"w in KEYS for w in {self.split(depth)}",
            f"p.search({text}) for p in (LINK, END)",
            f"{self.of_character()} for c in {text}",
            f"w in {text} and {self.bool(0)} for w in {self.words()}",
            f"{self.int(0)} == k for k in NUMBERS",
        )
        return f"{function}([{inner}])" if self.chance(0.15) else f"{function}({inner})"

    def words(self):
        if self.chance(0.5):
            return self.rng.choice(["WORDS", "MANY_WORDS", "KEYS", "WEIGHTS", "WORD_LIST"])
        words = self.rng.choices(KEYWORDS, k=self.rng.randint(1, 4))
        opening, closing = self.rng.choice(["()", "[]", "{}"])
        return f"{opening}{', '.join(map(repr, words))},{closing}"

    def member(self, depth):
        operator = self.rng.choice(["in", "in", "not in"])
        texts = self.rng.choice(["KEYS", "SCORES", "MIXED", "WORD_LIST"])
        numbers = self.rng.choice(["NUMBERS", "MIXED", "(0, 1, 2.5)"])
        first, second = self.rng.choice(INTS), self.rng.choice(FLOATS)
        return self.pick(
            f"{self.text(depth)} {operator} {texts}",
            f"{self.text(depth)} {operator} {tuple(self.rng.choices(KEYWORDS, k=2))!r}",
            f"{self.number(depth)} {operator} {numbers}",
            f"{self.number(depth)} {operator} {{{first}, {second}}}",
            f"{self.text(depth)} {operator} {self.text(depth)}",
            f"{self.int(depth)} {operator} range({self.rng.choice(INTS[:4])}, 9)",
            f"{self.text(depth)} {operator} {self.rng.choice(KEYWORDS)!r}",
        )

    def is_missing(self, depth):
        name = self.rng.choice(["title", "maybe", "domain", "score", "when", "text", "mixed"])
        return self.pick(
            f"{self.column(name)} is None",
            f"{self.column(name)} is not None",
            f"{self.column(name)} == None",
            f"pd.isna({self.column(name)})",
            f"pd.notna({self.column(name)})",
            f"math.isnan({self.column('score')})",
            f"{self.column('score')} != {self.column('score')}",
        )

    def affix(self, depth):
        method = self.rng.choice(["startswith", "endswith"])
        part = repr(self.rng.choice(KEYWORDS)) if self.chance(0.6) else "WORDS"
        return f"{self.text(depth)}.{method}({part})"

    def of_kind(self, depth):
        return f"{self.text(depth)}.{self.rng.choice(KINDS_OF_TEXT)}()"

    def instance(self, depth):
        kind = self.rng.choice(CLASSES)
        return f"isinstance({self.any_value(depth)}, {kind})"

    def words_of(self, depth):
        return self.pick(
            f"{self.rng.choice(KEYWORDS)!r} in {self.split(depth)}",
            f"set({self.split(depth)}) & KEYS",
            f"len(set({self.split(depth)}) & set(WORDS)) >= 1",
            f"not KEYS.isdisjoint({self.split(depth)})",
            f"{self.split(depth)}",
            f"len({self.split(depth)}) > {self.int_constant()}",
            f"{self.rng.choice(KEYWORDS)!r} in set({self.split(depth)})",
        )

    def helped(self, depth):
        return self.pick(
            f"is_long({self.text(depth)})",
            f"is_long({self.text(depth)}, least={self.int_constant()})",
            f"has_word({self.row}, {self.rng.choice(KEYWORDS)!r})",
            f"score_of({self.row}) > {self.rng.choice(INTS[:5])}",
            f"safe_ratio({self.int(depth)}, {self.int(depth)}) >= 0.5",
        )

    def odd(self, depth):
        """What is rare, or raises errors."""
        return self.pick(
            self.missing_column(),
            f"{self.text(depth)} > {self.int(depth)}",
            f"{self.column('maybe')} > 1",
            f"{self.column('mixed')} == {self.any_value(depth)}",
            f"{self.int(depth)} in {self.text(depth)}",
            f"{self.text(depth)}[{self.int(depth)}] == 'e'",
            f"{self.column('when')} > pd.Timestamp('2026-02-01')",
            f"{self.column('when')} <= datetime(2024, 2, 29, 12)",
            f"({self.column('when')} - datetime(2026, 1, 1)) < timedelta(days=2)",
            f"{self.int(depth)} in range({self.rng.choice(INTS[:4])}, 5)",
            f"{self.column('score')}.is_integer()",
            f"unknown({self.row})",
            f"(lambda t: 'free' in t)({self.text(depth)})",
            f"hasattr({self.row}, 'nothing')",
            f"'text' in {self.row}",
            f"{{'a': 1, 'free': 2}}.get({self.text(depth)}, 0) > 1",
        )

    def walrus(self, depth):
        if not self.allows_walrus:
            return self.bool(depth)
        name = f"v{self.rng.randint(0, 3)}"
        text = self.text(depth)
        self.allows_walrus = False
        tested = self.pick(
            f"(len({name} := {text}) > 3 and {name}[0] == 'f')",
            f"(({name} := {text}) == 'free' or 'win' in {name})",
        )
        self.allows_walrus = True
        return tested

    def any_value(self, depth):
        return self.rng.choice([self.text, self.int, self.float, self.bool])(max(depth, 0))
