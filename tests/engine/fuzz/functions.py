"""Writes modules of random labeling functions: source text that is then imported from a file."""

from tests.engine.fuzz.more_idioms import MoreIdioms
from tests.engine.fuzz.prelude import PRELUDE
from tests.engine.fuzz.vocabulary import COMPARISONS, FLOATS, INTS, KEYWORDS, PATTERNS


class Writer(MoreIdioms):
    """Writes the body of one labeling function.

    Args:
        rng: a `random.Random`.
        answers: what it may return, as source text.
    """

    def __init__(self, rng, answers):
        super().__init__(rng)
        self.answers = answers
        self.lines = []
        self.in_loop = 0
        self.memory = None

    def line(self, indent, text):
        self.lines.append("    " * indent + text)

    def answer(self):
        return self.rng.choice(self.answers)

    def function(self, name, idioms=0.3):
        """Return the source of a function; such a share of them are idioms of experts."""
        if self.chance(idioms):
            return self.idiomatic(name)
        return self.short_function(name) if self.chance(0.55) else self.long_function(name)

    def long_function(self, name):
        form = self.rng.random()
        if form < 0.06:
            return f"{name} = lambda x: {self.answer()} if {self.bool(2)} else {self.answer()}\n"
        if form < 0.09:
            words = tuple(self.rng.choices(KEYWORDS, k=3))
            return f"{name} = maker({words!r}, {self.rng.randint(0, 3)})\n"
        defaults = self.rng.choice([*[""] * 8, ", words=WORDS", ", least=2, words=('free',)"])
        if self.chance(0.08):
            self.memory = f"SEEN_{name}"
            self.memory_kind = self.rng.choice(list(ACTS))
            self.line(0, f"{self.memory} = remembered({self.memory_kind})")
            self.line(0, f"EYE_{self.memory} = Watcher({self.memory})\n\n")
        if form < 0.12:
            self.line(0, "@decorated")
        self.line(0, f"def {name}(x{defaults}):")
        if self.chance(0.3):
            self.line(1, '"""What it votes for."""')
        if defaults and self.chance(0.7):
            self.line(1, f"if any(w in {self.text(1)} for w in words):")
            self.line(2, f"return {self.answer()}")
        if self.memory:
            self.with_memory()
        self.body(1, self.rng.randint(1, 4))
        self.end(1)
        return "\n".join(self.lines) + "\n"

    def idiomatic(self, name):
        """Return a function of what experts do in more than one step."""
        self.line(0, f"def {name}(x):")
        lines, test = self.idiom()
        if self.chance(0.15):
            more, other = self.idiom()
            lines, test = [*lines, *more], f"{test} {self.pick('and', 'or')} {other}"
        for line in lines:
            self.line(1, line.replace("ABSTAIN", self.answer()))
        first, second = self.rng.sample(self.answers, 2)
        self.line(1, f"return {first} if {test} else {second}")
        return "\n".join(self.lines) + "\n"

    def short_function(self, name):
        """Return a function of one decision: nothing after it hides what it decides."""
        first, second = self.rng.sample(self.answers, 2)
        self.line(0, f"def {name}(x):")
        form = self.rng.random()
        if form < 0.75:
            special = [self.at_limits, self.of_kind, self.words_of]  # where columns go wrong easily
            kinds = special if form < 0.25 else self.kinds
            test = self.rng.choice(kinds)(self.rng.choice([0, 0, 1]))
            self.line(1, f"return {first} if {test} else {second}")
        elif form < 0.85:
            self.line(1, f"found = {self.rng.choice([self.int, self.float])(2)}")
            self.line(1, f"return {first} if found {self.comparison()} else {second}")
        else:
            self.answers = [first, second]
            self.rng.choice([self.loop, self.nested_loops, self.matched])(1)
            self.line(1, f"return {self.rng.choice([first, second])}")
        return "\n".join(self.lines) + "\n"

    def comparison(self):
        return f"{self.rng.choice(COMPARISONS)} {self.rng.choice(INTS + FLOATS)}"

    def end(self, indent):
        ending = self.rng.random()
        if ending < 0.6:
            self.line(indent, f"return {self.answer()} if {self.bool(2)} else {self.answer()}")
        elif ending < 0.95:
            self.line(indent, f"return {self.answer()}")
        else:
            self.line(indent, "pass")

    def body(self, indent, count):
        for _ in range(count):
            statements = [*[self.if_return] * 6, *[self.assign] * 4, self.if_chain, self.if_chain]
            statements += [self.loop, self.nested_loops, self.points, self.rare]
            if indent > 3:
                statements = [self.if_return]
            self.rng.choice(statements)(indent)

    def if_return(self, indent):
        self.line(indent, f"if {self.bool(2)}:")
        self.line(indent + 1, self.leaving())

    def leaving(self):
        if self.in_loop and self.chance(0.5):
            return self.rng.choice(["break", "continue"])
        return f"return {self.answer()}"

    def if_chain(self, indent):
        before = {kind: list(names) for kind, names in self.scope.items()}
        self.line(indent, f"if {self.bool(2)}:")
        self.body(indent + 1, 1)
        for _ in range(self.rng.randint(0, 2)):
            self.line(indent, f"elif {self.bool(1)}:")
            self.body(indent + 1, 1)
        if self.chance(0.5):
            self.line(indent, "else:")
            self.body(indent + 1, 1)
        if self.chance(0.9):  # else a variable may be unassigned, which raises an error
            self.scope = before

    def assign(self, indent):
        kind = self.rng.choice(["text", "text", "int", "float", "bool", "list"])
        name = f"{kind[0]}{self.rng.randint(0, 3)}"
        value = self.split(1) if kind == "list" else getattr(self, kind)(2)
        if name in self.scope[kind] and kind in ("int", "float") and self.chance(0.4):
            self.line(indent, f"{name} {self.rng.choice(['+=', '-=', '*='])} {value}")
            return
        if self.chance(0.1):
            self.line(indent, f"{name}, other = {value}, {self.any_value(1)}")
        else:
            note = f": {kind}" if kind == "int" and self.chance(0.1) else ""
            self.line(indent, f"{name}{note} = {value}")
        if name not in self.scope[kind]:
            self.scope[kind].append(name)

    def points(self, indent):
        name = f"i{self.rng.randint(4, 6)}"
        self.line(indent, f"{name} = {self.rng.choice(['0', '1', '0.0', 'LIMIT'])}")
        for _ in range(self.rng.randint(1, 3)):
            self.line(indent, f"if {self.bool(1)}:")
            operator, points = self.rng.choice(["+=", "-="]), self.rng.choice(["1", "2", "0.5"])
            self.line(indent + 1, f"{name} {operator} {points}")
        self.scope["int"].append(name)

    def with_memory(self):
        """Read, decide for some samples, and change what later samples meet."""
        self.remembered(1)
        self.line(1, f"if {self.pick(self.keyword, self.affix, self.flag)(0)}:")
        self.line(2, f"return {self.answer()}")
        self.remembering(1)

    def remembering(self, indent):
        self.line(indent, f"if {self.keyword(0)} or {self.flag(0)}:")
        for line in self.rng.choice(ACTS[self.memory_kind]):
            self.line(indent + 1, line.format(memory=self.memory, text=self.text(0)))

    def remembered(self, indent):
        test = self.pick(
            f"len({self.memory}) > {self.rng.randint(0, 3)}",
            f"{self.text(0)} in {self.memory}",
            f"not {self.memory}",
        )
        self.line(indent, f"if {test}:")
        self.line(indent + 1, f"return {self.answer()}")

    def nested_loops(self, indent):
        first, second = (
            self.rng.choice(
                ["(0, 1, 2)", "(2, 1)", "NUMBERS", "{8, 0, 16}", "range(3)", "()", "(1,)"]
            )
            for _ in range(2)
        )
        number = self.column(self.rng.choice(["n", "m", "count"]))
        tests = [f"{number} == j", f"{number} > j", "j == k", f"{number} in (j, k)", self.bool(0)]
        self.in_loop += 1
        self.line(indent, f"for k in {first}:")
        self.line(indent + 1, f"for j in {second}:")
        for _ in range(self.rng.randint(1, 2)):
            self.line(indent + 2, f"if {self.rng.choice(tests)}:")
            self.line(indent + 3, self.leaving())
        if self.chance(0.5):
            self.line(indent + 1, "else:")
            self.if_return(indent + 2)
            self.line(indent + 2, self.rng.choice(["break", "continue", "pass"]))
        self.line(indent + 1, f"if {number} {self.rng.choice(['>', '==', '<'])} k:")
        self.line(indent + 2, self.leaving())
        self.in_loop -= 1
        if self.chance(0.4):
            self.line(indent, "else:")
            self.line(indent + 1, self.leaving())

    def loop(self, indent):
        name = self.rng.choice(["w", "word"])
        if self.chance(0.25):
            name, items = (
                "k",
                self.rng.choice(["(0, 1, 2)", "NUMBERS", "{8, 0, 16}", "range(3)", "()"]),
            )
            tests = [
                f"{self.int(1)} == k",
                f"{self.int(0)} > k",
                f"k in NUMBERS and {self.bool(0)}",
            ]
        else:
            items = self.words()
            tests = [
                f"{name} in {self.text(1)}",
                f"{self.text(1)}.startswith({name})",
                f"not {name}",
            ]
            tests += [f"{name} == 'win' and {self.bool(0)}"]
        before = {kind: list(names) for kind, names in self.scope.items()}
        self.line(indent, f"for {name} in {items}:")
        self.in_loop += 1
        if self.chance(0.4):  # which item comes first matters
            item = "0" if name == "k" else repr(self.rng.choice(KEYWORDS))
            first, second = self.answer(), self.answer()
            self.line(indent + 1, f"if {self.rng.choice(tests)} or {self.bool(0)}:")
            self.line(indent + 2, f"return {first} if {name} > {item} else {second}")
        self.line(indent + 1, f"if {self.rng.choice(tests)}:")
        self.line(indent + 2, self.leaving())
        if self.chance(0.25) and indent < 3:
            self.loop(indent + 1)
        self.body(indent + 1, self.rng.randint(0, 2))
        self.in_loop -= 1
        self.scope = before
        if self.chance(0.3):
            self.line(indent, "else:")
            self.line(indent + 1, self.leaving())

    def rare(self, indent):
        kinds = [self.attempt, self.attempt, self.failing, self.local_helper, self.matched]
        self.rng.choice([*kinds, self.loop_while, self.words_loop, self.asserted])(indent)

    def attempt(self, indent):
        before = {kind: list(names) for kind, names in self.scope.items()}
        self.line(indent, "try:")
        self.body(indent + 1, 1)
        errors = self.rng.choice(
            ["Exception", "(AttributeError, TypeError)", "ValueError", "KeyError as error"]
        )
        self.line(indent, f"except {errors}:")
        self.line(indent + 1, self.leaving() if self.chance(0.8) else "pass")
        if self.chance(0.2):
            self.line(indent, "finally:")
            self.line(indent + 1, "t0 = 'free'")
        self.scope = before

    def failing(self, indent):
        self.line(indent, f"if {self.bool(1)}:")
        error = self.rng.choice(
            ["ValueError('bad')", "KeyError(x.text)", "StopIteration", "ZeroDivisionError"]
        )
        self.line(indent + 1, f"raise {error}")

    def asserted(self, indent):
        self.line(indent, f"assert {self.bool(1)}, 'must be'")

    def local_helper(self, indent):
        self.line(indent, "def inner(t):")
        self.line(indent + 1, "return 'free' in t or len(t) > LIMIT")
        self.line(indent, f"if inner({self.text(1)}):")
        self.line(indent + 1, self.leaving())

    def matched(self, indent):
        self.line(indent, f"m0 = re.search({self.rng.choice(PATTERNS)!r}, {self.text(1)})")
        self.line(
            indent,
            self.rng.choice(["if m0:", "if m0 is None:", "if m0 and m0.group(0):", "if not m0:"]),
        )
        self.line(indent + 1, self.leaving())

    def loop_while(self, indent):
        self.line(indent, "k = 0")
        self.line(indent, f"while k < {self.rng.randint(0, 3)}:")
        self.line(indent + 1, "k += 1")
        self.line(indent + 1, f"if {self.bool(1)}:")
        self.line(indent + 2, f"return {self.answer()}")

    def words_loop(self, indent):
        self.line(indent, f"for w in {self.text(1)}.split():")
        self.line(indent + 1, f"if w in KEYS or {self.bool(0)}:")
        self.line(indent + 2, self.leaving() if self.in_loop else f"return {self.answer()}")


ACTS = {
    "[]": (
        ["{memory}.append({text})"],
        ["y9 = ~x.m", "{memory}.append(y9)"],
        ["y9 = ~x.m", "log = {memory}", "log += [y9]"],
        ["assert x.m == 1, {memory}.append(1)"],
        ["{memory}[:0] = [{text}]"],
        *[["log = {memory}", "log += [1, {text}]"]] * 2,
        ["b9 = x.n in EYE_{memory}"],
        ["if EYE_{memory}:", "    pass"],
        ["b9 = {text} == EYE_{memory}"],
        ["b9 = EYE_{memory} < 3"],
        ["t9 = f'{{EYE_{memory}}}'"],
        ["b9 = EYE_{memory} == 3 or {text} in EYE_{memory} or not EYE_{memory}"],
    ),
    "set()": (
        ["remember({memory}, x.n)"],
        ["log = {memory}", "log |= {{x.n, 1}}"],
        ["{memory}.add({text})"],
    ),
    "{}": (
        ["{memory}[{text}] = {memory}.get({text}, 0) + 1"],
        ["log = {memory}", "log |= {{1: 1}}"],
        ["{memory}.setdefault({text}, 1)"],
    ),
}
"""How functions change what later samples meet, by what they remember it in."""

CODES = (("HAM", "0", "Label.HAM"), ("SPAM", "1", "Label.SPAM"), ("ABSTAIN", "-1", "None"))
NAMES = (("'ham'", "HAM"), ("'spam'", "Label.SPAM"), ("None", "ABSTAIN"))
NUMBER_NAMES = (("1", "'1'", "Label.SPAM"), ("2", "'2'", "0"), ("None", "-1"))
YES_OR_NO = ("True", "False")
WRONG = (
    "'spma'",
    "7",
    "1.0",
    "True",
    "x.m",
    "x.text",
    "[1]",
    "NAN",
    "x.flag",
    "-2",
    "0.5",
    "b'spam'",
)


def random_module(rng, count, labels, idioms=0.3):
    """Return the source of a module, and for each function its name and `label`."""
    parts, functions = [PRELUDE], {}
    for number in range(count):
        name = f"lf_{number}"
        label = labels[-1] if rng.random() < 0.25 else None
        kinds = [NUMBER_NAMES] if labels[0].isdigit() else [CODES, NAMES]
        answers = list(YES_OR_NO) if label else list(map(rng.choice, rng.choice(kinds)))
        if rng.random() < 0.12:
            answers.append(rng.choice(WRONG))
        writer = Writer(rng, answers)
        if label and rng.random() < 0.4 and idioms < 1:
            parts.append(f"def {name}(x):\n    return {writer.bool(3)}\n")
        else:
            parts.append(writer.function(name, idioms))
        functions[name] = label
    return "\n\n".join(parts), functions
