"""Writes further idioms: dates, patterns made of words, substitutions, dicts, counted words."""

from tests.engine.fuzz.idioms import COUNTED, SPAN_CONSTANTS, Idioms
from tests.engine.fuzz.vocabulary import COMPARISONS, KEYWORDS, PATTERNS, listed

DATES = listed(
    "date(2026, 2, 1)|date(2024, 2, 29)|date(1969, 12, 31)|date(year=2026, month=3, day=7)"
    "|date.min|CUTOFF|datetime(2026, 2, 1).date()|date(1960, 1, 1)|None"
)
NEW_TEXTS = ("", " ", "$1", "${0}", "é", "x", "free", r"\\1", r"\g<0>", "$$", "\n", "e")
PATTERN_TEXTS = (
    *("'|'.join(WORDS)", "'|'.join(MANY_WORDS)", "'|'.join(WORD_LIST)", "'|'.join(KEYS)"),
    *(r"r'\b(?:' + '|'.join(MANY_WORDS) + r')\b'", r"rf'\b{re.escape(WORDS[0])}\b'", "LINK"),
    *("PATTERNS['text']", "PATTERNS['link']", "re.escape('!!')", "f'{WORDS[1]}+'", "'(' * 2"),
    *("'%s+' % WORDS[0]", "'|'.join(map(re.escape, WORDS))", "x.domain"),
)


class MoreIdioms(Idioms):
    """Writes further statements, and conditions that use them."""

    def idioms(self):
        more = [self.dates, self.made_patterns, self.substituted, self.by_number, self.counts]
        return [*super().idioms(), *more, *more, self.put_together, self.ratios]

    def a_date(self):
        return self.pick(
            f"{self.column('when')}.date()",
            f"{self.column('later')}.date()",
            f"({self.column('when')} + {self.rng.choice(SPAN_CONSTANTS)}).date()",
            self.rng.choice(DATES),
        )

    def dates(self):
        first, second, third = self.a_date(), self.a_date(), self.a_date()
        return [], self.pick(
            f"{first} {self.rng.choice(COMPARISONS)} {second}",
            f"{self.column('when')}.date() {self.rng.choice(COMPARISONS)} {second}",
            f"{first} <= {second} < {third}",
            f"({first} - {second}).days {self.compared_with('0', '-1', '30')}",
            f"({first} - {second}) < {self.rng.choice(SPAN_CONSTANTS)}",
            f"({first} - {second}).seconds == 0",
            f"{first}",
            f"{first} in (date(2026, 1, 1), {second})",
            f"{self.column('when')}.{self.pick('dayofweek', 'day_of_week', 'quarter')} > 3",
        )

    def ratios(self):
        span = self.a_span()
        return [f"share = {span} / {self.rng.choice(SPAN_CONSTANTS)}"], self.pick(
            f"share {self.compared_with('0', '1', '0.5', '59.875')}",
            f"share == {span} / timedelta(days=1)",
            f"share * 3 == {span} / timedelta(hours=8)",
            f"share / 7 == {self.pick('1.0', '0.1', '8.5')}",
        )

    def made_patterns(self):
        pattern, text = self.rng.choice(PATTERN_TEXTS), self.a_text()
        method = self.pick("search", "search", "match", "fullmatch", "findall")
        flags = self.pick("", "", ", re.I", ", flags=re.I")
        if self.chance(0.4):
            over = self.pick("WORDS", "MANY_WORDS", repr(tuple(self.rng.sample(PATTERNS, 2))))
            made = self.pick("w", "w", r"rf'\b{w}\b'", "'^' + w", "rf'{re.escape(w)}s?'")
            call = f"re.{method}({made}, {text}{flags})"
            if self.chance(0.5):
                return [], f"{self.pick('any', 'all')}({call} for w in {over})"
            number = self.pick("1", "2")
            return [
                "n = 0",
                f"for w in {over}:",
                f"    if {call}:",
                f"        n += {number}",
            ], "n > 1"
        lines = [f"found = re.{method}({pattern}, {text}{flags})"]
        return lines, self.pick("found", "not found", "found is None", "bool(found)")

    def substituted(self):
        pattern, new = self.rng.choice((*PATTERNS, *COUNTED)), self.rng.choice(NEW_TEXTS)
        text, flags = self.a_text(), self.pick("", "", ", flags=re.I")
        call = self.pick(
            f"re.sub({pattern!r}, {new!r}, {text}{flags})",
            f"re.sub({pattern!r}, {new!r}, {text}{flags})",
            f"RUNS.sub({new!r}, {text})",
            f"{self.pick('LINK', 'SPACES', 'TWICE', 'END')}.sub({new!r}, {text})",
            f"re.sub({pattern!r}, {new!r}, {text}, 1)",
        )
        return [f"text = {call}"], self.pick(
            f"text == {self.rng.choice(KEYWORDS)!r}",
            f"{self.rng.choice(KEYWORDS)!r} in text",
            f"len(text) {self.compared_with('3', '12', '0')}",
            f"text != {text}",
            "any(w in WORDS for w in text.lower().split())",
            "text.split()[0] in KEYS",
            "text.isascii()",
            "text in 'free win'",
        )

    def by_number(self):
        key = self.pick(self.int, self.int, self.float, self.bool)(1)
        mapping = self.pick("BY_NUMBER", "{True: 4, False: 0}", "{1: 'a', 2.0: 'free'}", "NUMBERS")
        if self.chance(0.3):
            mapping, key = "BY_NAME", self.pick(self.a_text(), self.a_text(), key, "'free'")
        got = self.pick(f"{mapping}.get({key}, 0)", f"{mapping}.get({key})", f"{mapping}[{key}]")
        return [f"value = {got}"], self.pick(
            f"value {self.compared_with('0', '3', '4')}",
            "value",
            "value is None",
            "value == Label.SPAM",
            "value == 'free'",
            "isinstance(value, str)",
        )

    def counts(self):
        words, within = self.cut(), self.pick("WORDS", "KEYS", "WORD_LIST", "WEIGHTS", "MIXED")
        inside = self.pick(within, within, "('free', 'win', '')", "'free win'", self.a_text())
        lines = [f"words = {words}"]
        return lines, self.pick(
            f"sum(w in {inside} for w in words) {self.compared_with('0', '1')}",
            f"sum(1 for w in words if w in {inside}) {self.compared_with('0', '1')}",
            f"sum(len(w) for w in words if w in {inside}) {self.compared_with('0', '4')}",
            f"sum(1 for w in words if w in {inside} and {self.of_word()}) > 0",
            f"sum(1 for w in words if w in {inside} if {self.of_word()}) > 0",
            f"len([w for w in words if w in {inside}]) {self.compared_with('0', '1')}",
            f"len([w in {inside} for w in words]) {self.compared_with('0', '1')}",
            f"len([w for w in words if w not in {inside}]) {self.compared_with('0', '1')}",
            f"sum([w in {inside} for w in words]) == len(words)",
            f"sum(w not in {inside} for w in words) > 1",
            f"all(w in {inside} for w in words)",
        )

    def put_together(self):
        separator = self.pick("' '", "''", "', '", "'é'", "x.domain")
        parts = [self.pick(self.a_text(), self.a_text(), "x.m", "'free'") for _ in range(3)]
        parts = parts[: self.pick(1, 2, 2, 3)]
        opening, closing = self.pick("[]", "()")
        joined = f"{separator}.join({opening}{', '.join(parts)},{closing})"
        return [f"text = {joined}"], self.pick(
            f"{self.rng.choice(KEYWORDS)!r} in text",
            f"len(text) {self.compared_with('3', '12', '0')}",
            f"text == {self.rng.choice(KEYWORDS)!r}",
            f"text in {self.pick('win free', 'e', '', 'free win cash prize here')!r}",
            f"{self.a_text()}[{self.pick('0', '-1')}] in {self.pick('.!?', 'abcdef', '')!r}",
            "text.isascii()",
        )
