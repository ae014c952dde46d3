"""What an expert knows about the sentiment of tweets: negative, neutral or positive.

Each labeling function is one piece of evidence: it votes where it applies and abstains elsewhere.
None has to be right every time: where they overlap, the label model learns which to trust.
"""

import re

from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords, model, regex


def word_list(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


PRAISE = word_list("""
    adorable amazing awesome beautiful best better brilliant charming clever cool creative cute
    delicious elegant epic excellent fabulous fantastic fascinating genius good gorgeous great
    handsome helpful hilarious impressed impressive incredible inspiring interesting legend lovely
    nice perfect perfectly precious recommend smart stunning super superb sweet talented tasty
    useful wise wonderful
""")
JOY = word_list("""
    blessed celebrate celebrating cheers delighted enjoy enjoyed enjoying enjoys excited exciting
    favorite favourite fun funny glad grateful happily happiness happy hope hopefully hoping joy
    laugh laughing liked love loved loves loving luck lucky peaceful pleased pleasure proud relaxed
    relaxing relief smile smiling success thrilled win winner winning won
""")
COMPLAINTS = word_list("""
    annoyed annoying awful bad boring broke broken confused confusing crappy creepy cruel dirty
    disappointed disappointing disaster disgusting dumb expensive fail failed fails failure fake
    gross horrible idiot idiots lame lazy mess nasty nonsense pathetic poor problem problems
    ridiculous rude screwed slow stupid suck sucked sucks terrible ugly useless waste weak weird
    worse worst wrong
""")
SORROW = word_list("""
    afraid alone angry anxious cry crying dead death depressed depressing died dies dread exhausted
    fear frustrated frustrating guilty hate hated hates headache hurt hurting hurts ill kill killed
    lonely lose losing lost mad miserable miss missed missing nervous pain painful sad sadly scared
    scary sick sore sorry stress stressed tired trouble unfortunately upset war worried worry
""")
SWEARING = word_list("""
    arse ass asshole bastard bitch bloody bullshit crap cunt damn dammit effing fuck fucked fucker
    fuckin fucking goddamn hell piss pissed pissing shit shitty wanker wtf
""")
NEGATIONS = word_list("""
    ain't aren't couldn't didn't doesn't don't dont hardly hasn't haven't isn't isnt never no nobody
    not nothing wasn't weren't without won't wont wouldn't
""")
GOOD = PRAISE | JOY
BAD = COMPLAINTS | SORROW | SWEARING
# The mood of a word that a tweet begins with. Sorted, as the order of a set differs between runs: a
# dict in another order is another fingerprint of the function, which would be run again.
OPENINGS = {
    **dict.fromkeys(sorted(GOOD | word_list("congrats thank thanks welcome yay yes")), "positive"),
    **dict.fromkeys(sorted(BAD | word_list("stop ugh why")), "negative"),
    **dict.fromkeys(sorted(word_list("breaking new news photo video watch")), "neutral"),
}

# Faces and sounds: what stands for a voice in writing.
SMILE = r"[:;=][-o'^]?(?:[)\]]|[Dp]\b)|(?<!\d):3\b|\b(?:xD|XD)\b|(?<!\S)\(:|\^_*\^"
HEART = r"<3|[\u2665\u2764]|\b[xX][oO][xXoO]*\b"
FROWN = r"(?<!\w)[:;=]['-]{0,2}[(\[]|[:=]-?[/\\|](?!/)|\bD:|(?<!\S)\):"
LAUGHTER = r"(?i:\b(?:lo+l|a?(?:ha){2,}h?|(?:he){2,}|lmf?ao+|rofl)\b)"
CHEER = r"(?i:\b(?:ya+y+|wo+[ht]?o+|yum+y?|wo+w|yippee|hooray|ftw)\b)"
GROAN = r"(?i:\b(?:u+r?gh+|a+r+gh*|sigh|meh|boo+|gr{2,}|ew+|ouch|oh no|smh)\b)"

smile_or_heart = regex("smile_or_heart", f"{SMILE}|{HEART}", label="positive")
frown = regex("frown", FROWN, label="negative")
laughter = regex("laughter", LAUGHTER, label="positive")
cheer = regex("cheer", CHEER, label="positive")
groan = regex("groan", GROAN, label="negative")

# Words and phrases.
COURTESY = [
    "thanks",
    "thank you",
    "thx",
    "much appreciated",
    "appreciate",
    "kudos",
    "well done",
    "congrats",
    "congratulations",
    "good job",
    "great job",
    "welcome",
    "cheers",
    "get well",
    "good luck",
    "have fun",
    "have a great",
    "have a good",
    "happy birthday",
    "merry christmas",
    "happy new year",
    "good morning",
    "good night",
    "sweet dreams",
]

courtesy = keywords("courtesy", COURTESY, label="positive")
praise = keywords("praise", PRAISE, label="positive")
joy = keywords("joy", JOY, label="positive")
complaint = keywords("complaint", COMPLAINTS, label="negative")
sorrow = keywords("sorrow", SORROW, label="negative")
# "Can't wait" looks like a refusal to a list of words, and is the opposite.
anticipation = regex(
    "anticipation",
    r"(?i)\bcan(?:['\u2019]|no)?t wait\b|\blook(?:ing|s)? forward|\bso (?:ready|pumped|stoked)\b",
    label="positive",
)
# An adjective after "not", a verb only after "don't": "not like this" compares.
negated_praise = regex(
    "negated_praise",
    r"(?i)\b(?:not|never|hardly|isnt|\w+n['\u2019]t) (?:(?:a|so|very|that|really|too|even) ){0,2}"
    r"(?:good|great|nice|cool|fun|funny|happy|impressed|worth|working)\b"
    r"|\b(?:do not|does not|did not|dont|d\w+n['\u2019]t) (?:really )?"
    r"(?:like|love|enjoy|work|help)\b",
    label="negative",
)
# Games, maps, horoscopes and feeds write tweets of their own, always in the same words.
written_by_app = regex(
    "written_by_app",
    r"^I'm at |\bI just (?:ousted|unlocked)|\bGot \d+/\d+ playing|\bMore for \w+ http|\.\.\. http",
    label="neutral",
)

# Rules that need a few lines. Some share a preprocessor, which adds fields to a sample.
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
LINK_OR_NAME = re.compile(r"http\S+|@\w+")
TITLE_WORD = re.compile(r"\b[A-Z][a-z]")
FIRST_PERSON = re.compile(r"\b(?:I|[Mm]y|[Mm]e|[Ww]e|[Oo]ur)\b")
VOICE = re.compile("|".join(["!", SMILE, HEART, FROWN, LAUGHTER, CHEER, GROAN]))


def split(text: str) -> list[str]:
    """Return the words of a tweet in lower case, without links and the names of people."""
    return WORD.findall(LINK_OR_NAME.sub(" ", text).lower().replace("\u2019", "'"))


def balance(words: list[str]) -> tuple[int, int]:
    """Return how many words praise and how many complain; after a negation they change sides."""
    good = bad = 0
    for place, word in enumerate(words):
        if word in GOOD or word in BAD:
            negated = not NEGATIONS.isdisjoint(words[max(0, place - 3) : place])
            if (word in GOOD) != negated:
                good += 1
            else:
                bad += 1
    return good, bad


def weigh_words(x):
    """Add a tweet's words, how many are good and bad, and whether it is calm: shows no feeling."""
    x.words = split(x.text)
    x.good, x.bad = balance(x.words)
    x.calm = x.good == x.bad == 0 and not VOICE.search(x.text)
    return x


@labeling_function
def exclamation(x):
    """People shout for joy more often than in anger, and "?!" is disbelief."""
    text = x.text.rstrip()
    if text.endswith(("?!", "!?", "??")):
        return "negative"
    return "positive" if text.endswith("!") else ABSTAIN


@labeling_function(pre=[weigh_words], label="negative")
def swearing(x):
    """Swearing is anger, unless it stresses praise, as in "damn good"."""
    return x.good == 0 and not SWEARING.isdisjoint(x.words)


@labeling_function(pre=[weigh_words], resources={"openings": OPENINGS})
def opening(x, openings):
    """The first word often gives the mood away: "Love ...", "Ugh ...", "New ..."."""
    return openings.get(x.words[0], ABSTAIN) if x.words else ABSTAIN


@labeling_function(pre=[weigh_words], label="neutral")
def headline(x):
    """A link after words that are mostly capitalised is news, and nobody speaks of himself."""
    title = 2 * len(TITLE_WORD.findall(x.text)) >= len(x.words)
    return title and "http" in x.text and "!" not in x.text and not FIRST_PERSON.search(x.text)


@labeling_function(pre=[weigh_words], label="neutral")
def plain_question(x):
    """Who asks and shows no feeling just wants to know."""
    return x.calm and "?" in x.text


@labeling_function(pre=[weigh_words], label="neutral")
def matter_of_fact(x):
    """Without a word, face or sound of feeling, a tweet states how things are."""
    return x.calm


def weigh_all(texts):
    """Yield for each text the side that most of its words take, and how clearly they do."""
    for text in texts:
        good, bad = balance(split(text))
        yield "positive" if good > bad else "negative", abs(good - bad) / (good + bad + 1)


# A model labels many samples at once; a fitted scikit-learn classifier would do as well. From 0.5
# on it votes for one clear word, but not where good and bad words are mixed.
word_balance = model("word_balance", weigh_all, threshold=0.5)
