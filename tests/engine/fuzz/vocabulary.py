"""The words, numbers and patterns that random labeling functions are made of."""

TEXT_NAMES = ("text", "text", "text", "title", "domain")
INT_NAMES = ("n", "n", "m", "count")
KEYWORDS = (
    *("free", "win", "cash", "prize", "click", "here", "http", "www.", "!!", "!", "$", " ", "e"),
    *("end", "FREE", "12", "", "é", "ß", "İ", "ss", "K", "\u212a", "\x00", "\n", "$1", "now\x1c"),
)
PATTERNS = (
    *(r"free", r"\bfree\b", r"fr+ee", r"https?://|www\.", r"end$", r"^win", r"\s{2,}", r"(\w)\1"),
    *(r"\d{2,}", r"(?i)call.*now", r"[A-Z]{3,}", r"[^a-z ]", r"(?=win)", r"k", r"\S+@\S+", r"a?"),
    *(r"(?:free|win) cash", r"\Aend\Z", r"\W$", r".", r"(?s)win.+free", r"(?m)^free$", r"[\s\d]$"),
    *(r"\bwin\b.*?\bfree\b", r"[a-f]+[^\W\d_]", r"\$\d", r"(?x) fr ee", r"é", "[\u0131\u017f]"),
    *(r"x{300,}", r"(?i:FREE)\b", r"\b", r"(win)?", r"(?P<a>\d)(?P<b>\w)", r"[^\x00-\x7f]"),
)
FLAGS = ("re.I", "re.IGNORECASE", "re.I | re.S", "re.M", "re.I | re.ASCII", "2", "re.X")
INTS = (
    "0",
    "1",
    "2",
    "3",
    "5",
    "-1",
    "7",
    "10",
    "24",
    "100",
    "True",
    "2**53",
    "2**53 + 1",
    "-2**63",
)
FLOATS = ("0.0", "0.5", "1.0", "2.5", "-0.0", "1e300", "float('inf')", "NAN", "2.0**53", "2.0**63")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def listed(text):
    return tuple(text.split("|"))


TEXT_METHODS = listed(
    "lower()|lower()|lower()|lower()|lower()|lower()|upper()|strip()|casefold()|rstrip('!. ')"
    "|lstrip()|title()|capitalize()|swapcase()|replace('-', '')|replace(' ', '$1')|strip('e')"
    "|zfill(5)|expandtabs()|removeprefix('free')|replace('e', '')|replace('ee', 'e', 1)"
)
SLICES = listed("[:5]|[-3:]|[1:4]|[:-1]|[::2]|[0]|[-1]|[3]|[:0]|[2:]|[-4:-1]")
PARTS = listed(
    ".split()[0]|.split(' ')[-1]|.split('.')[0]|.split('@')[-1]|.partition('.')[2]"
    "|.rpartition('.')[0]|.split(' ', 1)[0]|.split()[-1]|.splitlines()[0]"
)
KINDS_OF_TEXT = listed(
    "isupper|islower|isdigit|isalpha|isalnum|isspace|isnumeric|isdecimal|istitle|isascii"
    "|isidentifier|isprintable"
)
OF_CHARACTER = listed(
    "c.isupper()|c.isdigit()|c in '!?'|not c.isalnum()|c.isalpha() and c < 'n'|c == 'e'"
    "|c.isspace()|ord(c) > 127|c.lower() in 'aeiou'|c not in PUNCTUATION|c in KEYS|c.isalpha()"
)
OF_WORD = listed(
    "w.isupper()|len(w) > 3|w in KEYS|w.lower() in WORDS|w.startswith('f')|w.endswith('!')"
    "|w[0].isupper()|w.isdigit()|w == 'free'|'a' in w|w.strip('!.') in KEYS|w.count('e') > 1"
    "|re.search(r'^[A-Z]+$', w)|w.isalpha() and len(w) < 6|w in x.title|x.n > 2|w.istitle()"
    "|w[-1] == '!'|w not in PUNCTUATION|len(w)|w > 'm'|w.title() == w|w in WEIGHTS|not w"
    "|any(c.isdigit() for c in w)|len(set(w)) == len(w)|w.islower() or w.isspace()"
)
TIME_FIELDS = listed(
    "hour|year|month|day|minute|second|weekday()|dayofweek|microsecond|dayofyear|isoweekday()"
    "|date().day|quarter"
)
INT_CALLS = listed("abs(%s)|int(%s)|-%s|+%s|round(%s)|int(bool(%s))|~%s")
FLOAT_CALLS = listed("abs(%s)|-%s|float(%s)|round(%s, 1)|math.sqrt(abs(%s))|math.floor(%s)")
CLASSES = listed("str|int|float|bool|(int, float)|type(None)|pd.Timestamp")
