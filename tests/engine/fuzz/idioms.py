"""Writes what experts do in more than one step: lists in variables, word sets, groups, times."""

from tests.engine.fuzz.conditions import Conditions
from tests.engine.fuzz.vocabulary import COMPARISONS, KEYWORDS, PATTERNS, listed

OVERLAPPING = listed("aa|!!|ee|aba| - |@|.| |, |e|é|, e|\\n|\\x1c|::|=")
RUNS = listed(
    r"\w+|[a-z]+|[a-z']+|[A-Za-z]+|\S+|\d+|\b\w+\b|[^,]+|(?i)[k]+|.+|(?s).+|\W+|\s+|[a-zé]+"
    r"|\b[a-z]+\b|e+|[^\x00-\x7f]+|\w{2,}|\w+?|(\w+)|[\w']+\b"
)
GROUPS = (
    *(r"(\d+)", r"(\d+)\s*(free|win)", r"(?P<first>\w+) (?P<second>\w+)", r"(a)|(e)", r"(e)?e"),
    *(r"(\w)+", r"(free|fre)(e?)", r"(\w+?)(e*)", r"(?:(e)|f)+", r"((\w)\w)", r"(\S+)@(\S+)"),
    *(r"^(\w+)", r"(\w+)$", r"(?m)^(\w+)$", r"(\d+(?:\.\d+)?)", r"(e*)?n", r"(?i)(FREE|win)\b"),
    *(r"\$(\d)", r"(.*)free", r"(.*?)free", r"(x|xx)(x*)", r"([0-9]{1,3})", r"(-?\d+)", r"()e"),
)
COUNTED = (
    *PATTERNS,
    *(r"e+?", r"(?:ee|e)", r"a|ab|abc", r"\bwin\b|win", r"[A-Z]{2,}?", r"e{1,2}", r"e{2}|e"),
    *(r"free|", r"(free)|(win)", r"!+", r"\w+@\w+\.\w+", r"\d+|\d+%", r"(?m)^\w+", r"\n|$"),
    *(r"e$|\n", r"(?m)$", r"^|e", r"(?:e?)+n", r"(?:a|e)*?n", r"\d+\s?(?:free|win)?"),
)
TIME_CONSTANTS = listed(
    "datetime(2026, 2, 1)|datetime(1960, 1, 1, 0, 0, 0, 500000)|CUTOFF|STAMP|OLDEST"
    "|pd.Timestamp('2026-02-28 23:59:59')|pd.Timestamp(2024, 2, 29, 12)|ZONED|datetime.min"
    "|pd.Timestamp('1969-12-31 04:59')|datetime(2026, 3, 7, 17, 45, 12, 123456)"
    "|datetime(year=2026, month=3, day=1)|pd.Timestamp(year=1960, month=1, day=1)|NOTHING"
)
SPAN_CONSTANTS = listed(
    "timedelta(days=2)|timedelta(hours=-36)|timedelta(0)|pd.Timedelta('2 days')|TICK|AGES|WEEK"
    "|pd.Timedelta(days=59, hours=20, minutes=59, seconds=59)|timedelta(days=1, microseconds=1)"
    "|timedelta(weeks=1)|pd.Timedelta(1, 'h')|timedelta(days=0.5)"
)


class Idioms(Conditions):
    """Writes statements that prepare something, and a condition that uses it."""

    def idiom(self):
        """Return lines, and the condition."""
        return self.rng.choice(self.idioms())()

    def idioms(self):
        return [
            *(self.character_lists, self.word_lists, self.word_sets, self.parts, self.loops),
            *(self.found_all, self.groups, self.times, self.chosen, self.texts_as_numbers),
        ]

    def compared_with(self, *numbers):
        return f"{self.rng.choice(COMPARISONS)} {self.rng.choice(numbers)}"

    def a_text(self):
        return self.text(self.rng.choice([0, 0, 1]))

    def character_lists(self):
        text = self.a_text()
        kept = self.pick(f" if {self.of_character()}", f" if {self.of_character()}", "")
        lines = [f"letters = [c for c in {text}{kept}]"]
        if self.chance(0.3):
            lines.append(f"letters = [c for c in letters if {self.of_character()}]")
        if self.chance(0.3):
            lines += ["if not letters:", "    return ABSTAIN"]
        upper = f"sum(1 for c in letters if {self.of_character()})"
        return lines, self.pick(
            f"{upper} / len(letters) {self.compared_with('0.5', '0.25', '1')}",
            f"{upper} / max(len(letters), 1) > 0.3",
            f"len(letters) {self.compared_with('0', '3', '12')}",
            f"len(letters) / max(1, len({text})) > {self.pick('0.3', '0.7')}",
            f"any({self.of_character()} for c in letters)",
            f"all({self.of_character()} for c in letters)",
            f"sum({self.of_character()} for c in letters) {self.compared_with('1', '2')}",
            f"len([c for c in letters if {self.of_character()}]) > 2",
            "letters",
            f"letters[0] == {self.pick('e', 'f')!r}",
            "'e' in letters",
            "''.join(letters) == 'free'",
        )

    def word_lists(self):
        lines = [f"words = {self.cut()}"]
        place = self.pick("0", "-1", "1", "-2", "2", "-3", "3", "[1:]", "True")
        word = f"words{place}" if place.startswith("[") else f"words[{place}]"
        if self.chance(0.2):
            lines += ["if not words:", "    return ABSTAIN"]
        if self.chance(0.15):
            names = self.pick("a, b", "a, b, c", "_, b", "a, *b", "(a, b)")
            return [*lines, f"{names} = words"], f"b == {self.rng.choice(KEYWORDS)!r}"
        keyword = self.rng.choice(KEYWORDS)
        return lines, self.pick(
            f"{word} == {keyword!r}",
            f"{word}.lower() in KEYS",
            f"{word}.strip('.!') in ('free', 'win')",
            f"{{'free': 1, 'win': 2}}.get({word}, 0) > 1",
            f"{word}.isupper()",
            f"len({word}) > 3",
            f"words and {word} == {keyword!r}",
            f"len(words) > 1 and words[1] {self.pick('==', '<')} words[0]",
            f"{keyword!r} in words",
            f"any(w in words for w in {self.words()})",
            f"sum(w in KEYS for w in words) {self.compared_with('0', '1')}",
            "sum(len(w) for w in words) / max(len(words), 1) > 3.5",
            f"len([w for w in words if {self.of_word()}]) > 1",
            f"all({self.of_word()} for w in words)",
        )

    def cut(self):
        text = self.a_text()
        runs = self.rng.choice(RUNS)
        return self.pick(
            f"{text}.split()",
            f"{text}.split()",
            f"{text}.split(None)",
            f"re.findall(r'''{runs}''', {text})",
            f"re.findall({runs!r}, {text}, re.I)",
            f"RUNS.findall({text})",
            f"{text}.split({self.separator()})",
            f"[w for w in {text}.split() if {self.of_word()}]",
        )

    def word_sets(self):
        made = self.pick("set(%s)", "set(%s)", "frozenset(%s)", "%s", "{*%s}") % self.cut()
        constant = self.pick("KEYS", "set(WORDS)", "set(WORD_LIST)", "{'free', 'win', 'e', 3}")
        constant = self.pick(constant, constant, "frozenset(MANY_WORDS)", "WORDS", "NUMBERS")
        shared = self.pick(
            f"words & {constant}",
            f"{constant} & words",
            f"words.intersection({constant})",
            f"{constant}.intersection(words)",
            f"set({constant}) & set(words)",
            f"{constant}.intersection({self.cut()})",
        )
        return [f"words = {made}"], self.pick(
            f"len({shared}) {self.compared_with('0', '1', '2')}",
            f"len({shared}) {self.compared_with('0', '1', '2')}",
            shared,
            f"bool({shared})",
            f"not {shared}",
            f"{constant}.isdisjoint(words)",
            f"words.isdisjoint({constant})",
            f"{self.rng.choice(KEYWORDS)!r} in words",
            f"any(w in words for w in {self.words()})",
            f"{constant} <= words",
            f"len(words) {self.compared_with('1', '3')}",
            f"'free' in ({shared})",
            "isinstance(words, (set, list))",
            f"sum(w in {constant} for w in words) > 1",
        )

    def loops(self):
        """Loops over words or characters that search or count."""
        over, tested = self.pick(
            (f"{self.a_text()}.split()", self.of_word),
            (self.cut(), self.of_word),
            ("words", self.of_word),
            (self.column("text"), self.of_character),
            ("letters", self.of_character),
        )
        name = "w" if tested == self.of_word else "c"
        before = self.pick("n = 0", "n = 0", "n = 0.1", f"n = {self.int(0)}", "n = LIMIT", "n = []")
        lines = [f"words = {self.cut()}", f"letters = [c for c in {self.a_text()} if c != 'e']"]
        lines = [*lines[: self.pick(1, 2)], before, self.pick(f"{name} = 'free'", "pass")]
        lines.append(f"for {name} in {over}:")
        added = self.pick("1", "1", "2", f"len({name})", "True", "0.5", "n", name, "[1]")
        lines += self.pick(
            [f"    if {tested()}:", f"        return {self.pick('ABSTAIN', name, 'x.m')}"],
            [f"    if {tested()}:", "        return ABSTAIN"],
            [f"    if {tested()}:", f"        n += {added}"],
            [f"    if {tested()}:", f"        n += {added}"],
            [f"    n += {added}"],
            [f"    if {tested()}:", "        n = 7", "        break"],
            [f"    if {tested()}:", "        if x.flag:", "            continue", "        break"],
            [f"    if {tested()}:", "        n = 3", "    else:", "        n = 1"],
            [f"    if not ({tested()}):", "        continue", "    n += 1"],
            [f"    if {tested()}:", "        n += 1", "        break", "else:", "    n = 5"],
        )
        if self.chance(0.2):
            lines = [*lines[:3], *("for k in (1, 2):", *(f"    {each}" for each in lines[3:]))]
        return lines, self.pick(
            f"n {self.compared_with('0', '1', '3')}",
            f"n {self.compared_with('0', '1', '3')}",
            f"n {self.compared_with('0', '1', '3')}",
            f"{name} == 'free'",
        )

    def separator(self):
        return repr(self.rng.choice(OVERLAPPING).encode().decode("unicode_escape", "ignore"))

    def parts(self):
        text, separator = self.a_text(), self.separator()
        call = self.pick(
            f"partition({separator})",
            f"rpartition({separator})",
            f"split({separator}, 1)",
            f"split({separator}, maxsplit=1)",
            f"rsplit({separator}, 1)",
            f"rsplit({separator}, maxsplit=1)",
            f"split({separator})",
            f"rsplit({separator})",
            f"split({separator}, 2)",
            f"split({separator}, -1)",
            "split(None, 1)",
            "rsplit()",
        )
        keyword = self.rng.choice(KEYWORDS)
        if self.chance(0.35):
            names = self.pick("a, b, c", "_, _, c", "b, c", "a, c")
            tested = self.pick(f"c == {keyword!r}", "c", f"{keyword!r} in c", "len(c) > 4")
            lines = [f"{names} = {text}.{call}"]
            if self.chance(0.3):
                lines = [
                    *("try:", f"    {lines[0]}", "except ValueError:"),
                    "    return ABSTAIN",
                ]
            return lines, self.pick(tested, tested, "c.lower().endswith(('e', '.example'))")
        place = self.pick("0", "0", "1", "2", "-1", "-1", "-2", "-3", "3")
        part = f"{text}.{call}[{place}]"
        return [f"part = {part}"], self.pick(
            f"part == {keyword!r}",
            f"{keyword!r} in part",
            "part",
            "part.strip().lower() in ('free', 'win', 'shop')",
            f"len(part) {self.compared_with('0', '4', '7')}",
            f"part.startswith(({keyword!r}, 'f'))",
            f"len({text}.{call}) == {self.pick('1', '2', '3')}",
            f"{keyword!r} in {text}.{call}",
            f"{text}.{call}",
        )

    def found_all(self):
        pattern, text = self.rng.choice(COUNTED), self.a_text()
        flags = self.pick("", "", ", re.I", ", flags=re.M", ", re.A")
        call = f"re.findall({pattern!r}, {text}{flags})"
        return [f"found = {call}"], self.pick(
            f"len(found) {self.compared_with('0', '1', '2', '4')}",
            f"len(found) {self.compared_with('0', '1', '2', '4')}",
            f"len(found) {self.compared_with('0', '1', '2', '4')}",
            "found",
            f"len(found) / max(len({text}), 1) > 0.1",
            "len(set(found)) > 1",
        )

    def groups(self):
        pattern, text = self.rng.choice(GROUPS), self.a_text()
        method = self.pick("search", "search", "match", "fullmatch")
        lines = [f"m = re.{method}({pattern!r}, {text}{self.pick('', '', ', re.I')})"]
        guard = self.pick(
            ["if not m:", "    return ABSTAIN"], ["if m is None:", "    return ABSTAIN"], []
        )
        key = self.pick("", "0", "1", "1", "2", "'first'", "'second'", "-1", "True")
        group = self.pick(f"m.group({key})", f"m.group({key})", f"m[{key or '0'}]")
        test = self.pick(
            f"{group} == {self.rng.choice(KEYWORDS)!r}",
            f"int({group}) {self.compared_with('3', '12', '100')}",
            f"3 <= int({group}) < 20",
            f"float({group}) > 4.5",
            f"{group}.lower() in KEYS",
            f"{group} is None",
            f"{group} is not None and len({group}) > 2",
            group,
            f"len({group}) {self.compared_with('0', '2', '5')}",
            f"{group}.startswith('e')",
        )
        return [*lines, *guard], test if guard else f"m and {test}"

    def texts_as_numbers(self):
        text, kind = self.a_text(), self.pick("int", "float")
        text = self.pick(text, f"{text}.split()[0]", f"{text}[:1]", f"{text}.strip()", "'12'")
        lines = [f"number = {kind}({text})"]
        if self.chance(0.6):
            lines = ["try:", f"    {lines[0]}", "except ValueError:", "    return ABSTAIN"]
        return lines, f"number {self.compared_with('5', '12', '0', '34.5')}"

    def a_time(self):
        return self.pick(
            self.column("when"),
            self.column("when"),
            self.column("later"),
            self.rng.choice(TIME_CONSTANTS),
            f"({self.column('when')} {self.pick('+', '-')} {self.rng.choice(SPAN_CONSTANTS)})",
        )

    def a_span(self):
        return f"({self.a_time()} - {self.a_time()})"

    def times(self):
        span = self.a_span()
        return [f"span = {span}"] if self.chance(0.3) else [], self.pick(
            f"{self.a_time()} {self.rng.choice(COMPARISONS)} {self.a_time()}",
            f"{self.a_time()} {self.rng.choice(COMPARISONS)} {self.rng.choice(TIME_CONSTANTS)}",
            f"CUTOFF <= {self.a_time()} < {self.a_time()}",
            f"{span} {self.rng.choice(COMPARISONS)} {self.rng.choice(SPAN_CONSTANTS)}",
            f"{self.rng.choice(SPAN_CONSTANTS)} {self.rng.choice(COMPARISONS)} {span}",
            f"{span}.days {self.compared_with('0', '1', '-1', '59')}",
            f"abs({span}.days) > 30",
            f"{span}.seconds {self.compared_with('0', '3600', '86399')}",
            f"{span}.total_seconds() {self.compared_with('0', '3600', '1e6')}",
            f"{span} {self.rng.choice(COMPARISONS)} {self.a_span()}",
            f"{self.a_time()}.{self.pick('hour', 'day', 'weekday()', 'isoweekday()')} > 5",
            span,
            f"max({self.a_time()}, {self.a_time()}) > {self.a_time()}",
            f"{self.a_time()} {self.pick('==', '!=', '<')} {self.any_value(0)}",
        )

    def chosen(self):
        first, second = (
            self.pick(self.int, self.float, self.number, self.a_length)(1) for _ in range(2)
        )
        call = f"{self.pick('min', 'max')}({first}, {second})"
        return [f"number = {call}"], self.pick(
            f"number {self.compared_with('0', '3', '1.0', '2**53 + 1')}",
            f"{self.int(1)} / number > 0.2",
            f"round({self.float(1)}) {self.compared_with('0', '2', '2**53')}",
            f"round({self.float(1)} * 100) % 100 != 0",
            f"number is {self.pick('True', 'None')}",
            f"{self.a_text()}.count({self.rng.choice(KEYWORDS)!r}) / {call} > 0.1",
            f"max({self.a_text()}, {self.a_text()}) == {self.a_text()}",
            f"min({self.a_text()}, 'free') == 'free'",
            f"number - {self.int(0)} > 1",
        )

    def a_length(self, depth):
        return f"len({self.text(depth)})"
