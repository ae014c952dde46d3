"""What an expert knows about the parts of US addresses: from the name of a person to the ZIP code.

Each labeling function marks one part where it is sure enough, and says nothing elsewhere. None has
to be right every time: where spans overlap, the model of spans decides which to trust.
"""

import re

from labeling import span_labeling_function
from labeling.functions import span_keywords, span_regex
from labeling.records import SpanLabelingFunction


def any_of(text: str) -> str:
    """Return a pattern of the words of a text, longest first; `_` stands for a space."""
    words = sorted(text.split(), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(word.replace("_", r"\s+") for word in words) + r")(?!\w)"


def phrases(text: str) -> list[str]:
    """Return the words of a text; `_` stands for a space."""
    return [word.replace("_", " ") for word in text.split()]


# A word that does not start with a digit.
NAME = r"[^\W\d][\w&.'-]*"
DIRECTION = r"(?:(?:north|south)\s*(?:east|west)|north|south|east|west|[ns]\.?[ew]|[nsew])(?!\w)\.?"
STREET_TYPE = any_of("""
    alley aly ave av avn avenue blvd boulevard bnd bend br branch cir circle court ct cove cv
    crescent cres crossing xing dr drive drv expressway expy fwy freeway gate glen grove hts
    heights highway hwy hill hls hills lane ln loop lp mall oval parkway pkwy pass path pike pl
    place plaza plz point pt ridge rdg road rd row run sq square st str strt street ter terr terrace
    trace trail trl turnpike tpke walk way
""")
ROAD = any_of("""
    business county_highway county_hwy county_road county_rd cr co_rd farm_road fm highway hwy
    interstate i ranch_road route rt rte sr state_highway state_hwy state_road state_rd state_route
    us us_highway us_hwy us_route
""")
UNIT = any_of("""
    apartment apt bldg building dept department fl flr floor lot lt mail_stop ms penthouse rm room
    slip space spc ste suite trailer trlr unit
""")
ORDINAL = r"(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth)"
STATE = any_of("""
    al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm
    ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy pr
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii
    idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan
    minnesota mississippi missouri montana nebraska nevada new_hampshire new_jersey new_mexico
    new_york north_carolina north_dakota ohio oklahoma oregon pennsylvania rhode_island
    south_carolina south_dakota tennessee texas utah vermont virginia washington west_virginia
    wisconsin wyoming
""")
ZIP = r"\d{5}(?:[-\s]?\d{4})?"
END = rf"(?=[\s,]+{ZIP}\s*$|\s*$)"
CITIES = phrases("""
    albuquerque anaheim arlington atlanta austin baltimore berkeley birmingham boston brooklyn
    buffalo chicago cincinnati cleveland columbus dallas denver detroit el_paso evanston fort_worth
    fresno honolulu houston indianapolis jacksonville kansas_city las_vegas long_beach los_angeles
    louisville madison memphis mesa miami milwaukee minneapolis nashville new_orleans new_york
    new_york_city norfolk oakland omaha orlando philadelphia phoenix pittsburgh portland raleigh
    richmond rochester sacramento saint_louis salt_lake_city san_antonio san_diego san_francisco
    san_jose santa_fe seattle springfield st._louis st_louis tampa tucson tulsa virginia_beach
    washington wichita
""")
HOUSE = r"^\s*\d[\w/-]*\s+"
WORD = r"[^\s,;#]+"
ROUTE_BOX = re.compile(
    r"\b(?:rural route|star r(?:oute|te)|highway contract r(?:oute|te)|hc|rr|rfd|route|rte|psc|cmr"
    r"|unit)\s*(?:#\s*)?\w*\s+box\s*(?:#\s*)?\w+",
    re.I,
)
ROUTE_BOX_GROUP = re.compile(r"\b(?:hc|rr|rfd)\s+\d+\b", re.I)
FIRM = re.compile(
    rf"(?:{NAME},?\s+)+(?:inc|llc|l\.l\.c|ltd|corp|co|company|bank|hospital|building|center|centre"
    r"|tower|university|college|school|church|association|department|agency|hotel|plaza|services"
    r"|group|apartments)(?!\w)\.?",
    re.I,
)


def pattern(label: str, regex: str, name: str, reason: str) -> SpanLabelingFunction:
    """Return a labeling function that marks the first group of a pattern."""
    return span_regex(label, regex, group=1, name=name, flags=re.I, reason=reason)


def groups(regex: str, text: str) -> list[tuple[int, int]]:
    """Return where the first group of a pattern lies in a text, for each match."""
    return [match.span(1) for match in re.finditer(regex, text, re.I) if match.group(1)]


zip_at_the_end = pattern(
    "ZIP",
    rf"(?<=[\s,])({ZIP})[\s.]*$",
    "zip_at_the_end",
    "Five digits at the end, or nine, are a ZIP code: only a country could follow it.",
)
digits_after_a_state = pattern(
    "ZIP",
    rf"(?<!\w){STATE}[\s,.]+(\d{{5}}(?:-?\d{{4}})?)\b",
    "digits_after_a_state",
    "Five digits or more after the name of a state are a ZIP code, whatever follows.",
)
state_at_the_end = pattern(
    "STATE",
    rf"(?<=[\s,])({STATE}){END}",
    "state_at_the_end",
    "The name or abbreviation of a state at the end, or before the ZIP code, is the state.",
)
two_letters_before_zip = pattern(
    "STATE",
    rf"[\s,]([a-z]{{2}})[\s,.]+{ZIP}(?:\s|$)",
    "two_letters_before_zip",
    "Two letters before a ZIP code are a state.",
)
number_at_the_start = pattern(
    "NUMBER",
    rf"^\s*(?!{ORDINAL}\b)(\d[\w/]*(?:-\d+\w*)?)(?=\s+\S)",
    "number_at_the_start",
    "An address mostly starts with the number of the house; ordinals are names of streets.",
)
number_before_a_direction = pattern(
    "NUMBER",
    rf"(?<![\w#])(\d[\w-]*)\s+{DIRECTION}\s+{WORD}\s+{STREET_TYPE}",
    "number_before_a_direction",
    "A number before a direction is that of a house, wherever it is.",
)
ordinal_floor = pattern(
    "UNIT",
    rf"(?<!\w)({ORDINAL}\s+(?:floor|flr|fl)(?!\w)\.?)",
    "ordinal_floor",
    "A floor is also written the other way round: 21st Fl.",
)
post_office_box = pattern(
    "BOX",
    r"(\b(?:p\.?\s*o\.?\s*)?(?:box|drawer)\s*(?:no\.?\s*|#\s*)?\w+)",
    "post_office_box",
    "P.O. Box with its number; the word box alone is mostly the same.",
)
large_city = span_keywords(
    "PLACE",
    CITIES,
    name="large_city",
    reason="The names of large cities; where a street has one, its span is longer and wins.",
)


@span_labeling_function(label="STREET")
def up_to_the_type(x):
    """The words after the number up to the first type of street, with the direction after it."""
    street = rf"(?:{DIRECTION}\s+)?{WORD}(?:\s+{WORD})*?(?:\s+{STREET_TYPE}\.?)+"
    return groups(rf"(?:^|[\s,])\d[\w/-]*\s+({street}(?:,?\s+{DIRECTION}(?=[\s,]|$))?)", x.text)


@span_labeling_function(label="STREET")
def up_to_the_comma(x):
    """All words between the number and the first comma, where none begins a unit."""
    return groups(
        rf"{HOUSE}((?:(?!{UNIT}|{ORDINAL}\s+(?:fl|floor)){WORD}\s+)*(?!{UNIT}){WORD})\s*,", x.text
    )


@span_labeling_function(label="STREET")
def all_after_the_number(x):
    """A short line without comma, unit or ZIP code is a number and a street."""
    short = rf"((?:(?!{UNIT}){WORD}\s+){{0,4}}(?!{UNIT}|{ZIP}){WORD})"
    return groups(rf"{HOUSE}{short}$", x.text)


@span_labeling_function(label="STREET")
def numbered_road(x):
    """Roads between towns have numbers or letters: County Road 546, US Highway 22, CR 2700 E."""
    number = r"(?:\d+\w?|[a-z]{1,2})(?!\w)"
    return groups(
        rf"(?<![\w.])((?:{DIRECTION}\s+)?{ROAD}\.?\s+{number}(?:\s+{DIRECTION}(?=[\s,]|$))?)",
        x.text,
    )


@span_labeling_function(label="UNIT")
def unit_word(x):
    """Suite, apartment, floor and the like, with the number or letter after them."""
    return groups(rf"(?<![\w])({UNIT}\.?\s*(?:#\s*)?(?=\w*\d|\w(?!\w))[\w-]+)", x.text)


@span_labeling_function(label="UNIT")
def number_sign(x):
    """What follows a number sign after the street is a unit; after a box it is its number."""
    return groups(rf"^(?!.*\bbox\b).*?(?<!\w)((?:{UNIT}\.?\s+)?#\s*[\w-]+)", x.text)


@span_labeling_function(label="BOX")
def box_on_a_route(x):
    """In the country a box belongs to a route, and the route is part of it."""
    return [*ROUTE_BOX.finditer(x.text), *ROUTE_BOX_GROUP.finditer(x.text)]


@span_labeling_function(label="PLACE")
def between_commas(x):
    """The words between the last two commas before a state or ZIP code are the place."""
    return groups(rf",\s*((?:{NAME}\s+)*{NAME}),\s*(?:{STATE}|{ZIP}){END}", x.text)


@span_labeling_function(label="PLACE")
def after_the_type(x):
    """Without commas, the place stands between the type of street or the unit and the state."""
    before = rf"(?:{STREET_TYPE}\.?(?:\s+{DIRECTION})?|(?:{UNIT}\.?\s*|#\s*)[\w-]*\d[\w-]*)"
    place = rf"((?:(?!{STREET_TYPE}|{UNIT}|{DIRECTION}){NAME}\s+){{0,2}}{NAME})"
    return groups(rf"(?<!\w){before},?\s+{place}[\s,]+(?:{STATE}[\s,.]*)(?:{ZIP})?\s*$", x.text)


@span_labeling_function(label="NAME")
def words_before_the_number(x):
    """Two words or more before the number of the house name a person, a firm or a building."""
    return groups(rf"^((?!{ROAD}|.*\bbox\b)(?:{NAME}[\s,]+)+{NAME}),?\s+\d", x.text)


@span_labeling_function(label="NAME")
def firm(x):
    """A word for a firm or a house ends its name, at the start of the line."""
    return [match for match in [FIRM.match(x.text)] if match]
