"""People label, disagree and decide on the pages of a real Label Studio server."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.adjudication import ReviewPolicy
from labeling.label_studio.labeling_config import QUESTION
from labeling.records import Batch, CheckRequest, SoftLabels
from tests.support.studio_pages import Person

LABELS = ["about the video", "question", "spam"]
PRAISE = "Love this song, my daughter sings it all day!"
CHANNEL = "Did you like it? Then you will love what I put on my channel yesterday"
NUMBERS = "2:13 !!!"
GUIDELINES = """about the video: what the writer thinks of it, good or bad.
question: wants an answer.
spam: wants you to go somewhere else, or to buy.

Skip what you cannot read. "Quotes", <tags> & signs are part of a comment."""
REASONS = [
    "my_channel: spam (Who speaks of a channel of their own wants visitors.)",
    "question_mark: question",
]

NASTY = [
    "<script>document.title = 'caught'; alert(1)</script><img src=x onerror=alert(2)>",
    "<b>bold</b> &amp; &lt;i&gt; <!-- gone? --> </View></Text>",
    "\"double\" 'single' `back` \\n \\u0041 %s %(x)s {0}",
    "$text ${text} {{x}} {{constructor.constructor('alert(3)')()}} $votes",
    "\U0001f600\U0001f3f3\ufe0f\u200d\U0001f308 "
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, \u202egnihtyreve snrut\u202c",
    "long " + "word " * 999,
    "one\n\n\tindented  twice\r\nlast",
    "https://example.com/a.png",
]
NASTY_LABELS = [
    "R&D",
    "<b>bold</b>",
    'sagt "Grüße", it\'s ok',
    "$text",
    "$100 & more",
    "{{x}}",
    "\u05e9\u05dc\u05d5\u05dd \U0001f600",
    "a, b; c/d",
]


@pytest.fixture
def people(browser, studio):
    """Makes people at browsers of their own; those with a name have signed up and log in."""
    made = []

    def new(name=None):
        person = Person(browser, studio, studio.new_user(name) if name else None)
        made.append(person)
        if name:
            person.log_in()
        return person

    yield new
    for person in made:
        person.close()


def pushed(studio, labels, texts, model=None, meanings=None, **options):
    """Push texts, whose ids are numbers, and return platform, schema, samples and project id."""
    schema = lb.LabelSchema(labels, meanings)
    samples = pd.DataFrame({"text": texts})
    its = {"project": "comments", "schema": schema, "token": studio.token, **options}
    platform = lb.LabelStudio(studio.url, **its)
    project, _ = platform.init()
    about = {"stratum": "uncertain", "score": 0.5, "reason": "uncertain", "propensity": np.nan}
    batch = Batch(pd.DataFrame(about, index=samples.index))
    soft = None
    if model is not None:
        rows = np.tile(np.array(model, dtype=float), (len(texts), 1))
        soft = SoftLabels(rows, samples.index, schema, np.ones(len(texts), dtype=bool))
    platform.push(batch, samples, soft)
    return platform, schema, samples, project.id


def review_id(studio):
    return next(one["id"] for one in studio.projects() if one["title"] == "comments: review")


def buttons_of(labels):
    return [f"{label}[{key}]" for key, label in enumerate(labels, 1)]


def assert_nothing_leads(person):
    """No vote, label or reason is on the page, nor in what the server sent to it."""
    assert [person.text, QUESTION, *buttons_of(LABELS)] == person.lines
    assert [] == person.chosen
    given = person.given
    assert {"text", "ext_id"} == set(given["data"])
    assert [] == given["annotations"]
    assert all([] == one["result"] for one in given["predictions"])
    assert not any(word in person.everything for word in ("@", "my_channel", "spam ("))


def assert_quiet(*everybody):
    for person in everybody:
        assert ([], [], []) == (person.dialogs, person.errors, person.outside)


def test_people_differ_and_a_reviewer_decides(studio, people):
    platform, schema, samples, project = pushed(
        *(studio, LABELS, [PRAISE, CHANNEL, NUMBERS], [0.1, 0.2, 0.7]),
        **{"guidelines": GUIDELINES, "reasons": lambda ids: dict.fromkeys(ids, REASONS)},
    )

    ann = people()
    link = studio.url + studio.api("GET", "/api/invite")["invite_url"]
    ann.sign_up(link, "ann@example.com", "ann-Secret-1")
    ann.open_stream(project)
    assert GUIDELINES.splitlines() == ann.guidelines.splitlines()
    ann.shot("studio-guidelines", height=480)
    ann.close_guidelines()
    ann.shot("studio-stream", height=480)
    while not ann.is_done:
        assert_nothing_leads(ann)
        ann.answer({PRAISE: 2, CHANNEL: 1, NUMBERS: None}[ann.text])
    ann.shot("nothing is left")
    ann.go_back_to(PRAISE)
    assert [LABELS[1]] == ann.chosen
    ann.change(1)
    ann.shot("an answer is changed")

    bob = people("bob")
    bob.open_stream(project)
    bob.close_guidelines()
    while not bob.is_done:
        assert_nothing_leads(bob)
        bob.answer({PRAISE: 1, CHANNEL: 2, NUMBERS: 1}[bob.text], keys=None)
    bob.go_back_to(CHANNEL)  # now the server sends both votes; the page shows but one's own
    assert [LABELS[1]] == bob.chosen
    assert "ann@" not in bob.everything

    cleo = people("cleo")
    cleo.open_stream(project)
    cleo.close_guidelines()
    assert_nothing_leads(cleo)
    assert [NUMBERS] == cleo.answer_all({NUMBERS: 1})  # in place of who skipped it
    verdict = lb.review(platform.pull(), schema)
    assert {0: LABELS[0], 2: LABELS[0]} == {one.sample_id: one.label for one in verdict.gold}
    assert [1] == [one.sample_id for one in verdict.pending]
    platform.ask_again(verdict.pending, samples)
    cleo.open_stream(project)
    assert_nothing_leads(cleo)
    cleo.shot("a third is asked")
    assert [CHANNEL] == cleo.answer_all({CHANNEL: 3})
    verdict = lb.review(platform.pull(), schema)
    platform.escalate(verdict.escalations, samples)

    rita = people("rita")
    review = review_id(studio)
    rita.open_stream(review)
    assert GUIDELINES.splitlines() == rita.guidelines.splitlines()
    rita.close_guidelines()
    votes = [f"Annotator {place}: {label}" for place, label in enumerate(LABELS, 1)]
    why = (
        "no majority: 1 x about the video, 1 x question, 1 x spam. Probable cause: ambiguous sample"
        " (0 of 3 voters are known to agree with others as usual)"
    )
    asked = ["What annotators said", *votes, "Why you are asked", why, *buttons_of(LABELS)]
    assert [CHANNEL, *asked] == rita.lines
    assert [] == rita.chosen
    rita.press(3)
    rationale = 'The question is bait: 1 line later it\nsends you to "my channel" & away.'
    rita.write_rationale(rationale)
    assert [LABELS[2]] == rita.chosen  # digits that are written are no hotkeys
    rita.shot("studio-review", height=480)
    rita.page.keyboard.press("Shift+Enter")
    rita.submit()

    said = platform.pull()
    (decision,) = (one for one in said if one.reviewer)
    found = (decision.label, decision.reason, decision.annotator)
    assert (LABELS[2], rationale, rita.user.email) == found
    verdict = lb.review(said, schema)
    gold = {one.sample_id: (one.label, one.source) for one in verdict.gold}
    assert (LABELS[2], "review") == gold[1]
    platform.write_back(verdict.gold)
    assert said == platform.pull()  # it is nobody's vote
    task = next(one for one in studio.tasks(project) if one["data"]["text"] == CHANNEL)
    rita.open_task(project, task["id"])
    truth = rita.page.locator(".lsf-annotation-button_groundTruth")
    truth.wait_for()
    assert "rita" in truth.inner_text()
    rita.shot("studio-ground-truth", height=480)
    rita.open_table(project, PRAISE)
    rita.shot("studio-data-manager", height=430)
    assert_quiet(ann, bob, cleo, rita)


def test_labels_say_what_they_mean_and_everything_is_in_reach_on_a_phone(studio, people):
    meanings = {"spam": 'Wants you to "go" somewhere, <else> & more.'}
    platform, schema, samples, project = pushed(
        studio, LABELS, [CHANNEL * 20, PRAISE], meanings=meanings, guidelines=GUIDELINES
    )
    ann, bob = studio.new_user("ann"), studio.new_user("bob")
    for task in studio.tasks(project):
        for who, label in ((ann, LABELS[0]), (bob, LABELS[1])):
            who.label(task["id"], label)
    verdict = lb.review(platform.pull(), schema, policy=ReviewPolicy(max_votes=2))
    platform.escalate(verdict.escalations, samples)
    studio.api("POST", f"/api/projects/{project}/import", json=[{"data": {"text": CHANNEL * 20}}])
    for own, name in ((project, "phone"), (review_id(studio), "phone-review")):
        person = people(name)
        person.page.set_viewport_size({"width": 420, "height": 860})
        person.open_stream(own)
        assert 'spam: Wants you to "go" somewhere, <else> & more.' in person.guidelines
        person.close_guidelines()
        person.shot(name, height=860, width=420)
        for button in ("skip", "submit"):
            box = person.page.locator(f"[data-testid=bottombar-{button}-button]").bounding_box()
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 420
            assert box["y"] + box["height"] <= 860
        person.page.hover(".lsf-choices .lsf-choice >> nth=2")
        person.page.wait_for_selector(f"text={meanings['spam']}")
        person.press(3)
        if own != project:
            person.page.locator(".lsf-main-view__annotation textarea").scroll_into_view_if_needed()
            person.write_rationale("It is bait.")
        person.submit(keys=None)
    assert ["It is bait."] == [one.reason for one in platform.pull() if one.reviewer]


def test_a_reviewer_checks_votes_by_keys_and_is_asked_why_on_reject_only(studio, people):
    texts = [PRAISE, CHANNEL, NUMBERS]
    platform, _, samples, _ = pushed(studio, LABELS, texts)
    votes = dict(zip(texts, (LABELS[0], LABELS[0], LABELS[1]), strict=True))
    requests = [
        CheckRequest(f"check {number}", number, votes[text]) for number, text in enumerate(texts)
    ]
    platform.ask_checks(requests, samples)
    project = next(one["id"] for one in studio.projects() if one["title"] == "comments: checks")
    boss = people("boss")
    boss.open_stream(project)
    choices = ["accept", "reject", *(f"fix: {label}" for label in LABELS)]
    field = boss.page.locator(".lsf-main-view__annotation textarea")
    while not boss.is_done:
        asked = ["What one annotator said", votes[boss.text], "Is it right?"]
        assert [boss.text, *asked, *buttons_of(choices)] == boss.lines
        assert ([], False) == (boss.chosen, field.is_visible())
        if boss.text != NUMBERS:
            boss.answer({PRAISE: 1, CHANNEL: 5}[boss.text])
            continue
        boss.press(2)
        field.wait_for(state="visible")
        boss.page.keyboard.press("Control+Enter")  # refused: the reason is missing
        boss.page.wait_for_selector("text=Write what is wrong")
        assert "check 2" not in {one.key for one in platform.checks(requests)}
        boss.page.keyboard.press("Escape")
        boss.page.wait_for_selector("text=Write what is wrong", state="detached")
        boss.write_rationale("It asks nothing.")
        boss.shot("studio-checks", height=480)
        boss.page.keyboard.press("Shift+Enter")
        boss.submit()
    answers = {one.key: one for one in platform.checks(requests)}
    assert ["accept", "fix", "reject"] == [answers[one.key].decision for one in requests]
    assert LABELS[2] == answers["check 1"].label
    assert "It asks nothing." == answers["check 2"].reason
    assert {boss.user.email} == {one.reviewer for one in answers.values()}
    assert_quiet(boss)


def test_while_a_reviewer_writes_only_the_button_or_both_keys_hand_in(studio, people):
    """As the placeholder of the rationale says."""
    platform, schema, samples, project = pushed(studio, LABELS, [CHANNEL])
    ann, bob = studio.new_user("ann"), studio.new_user("bob")
    (task,) = studio.tasks(project)
    for who, label in ((ann, LABELS[0]), (bob, LABELS[1])):
        who.label(task["id"], label)
    verdict = lb.review(platform.pull(), schema, policy=ReviewPolicy(max_votes=2))
    platform.escalate(verdict.escalations, samples)
    rita = people("rita")
    rita.open_stream(review_id(studio))
    rita.press(3)
    rita.write_rationale("It is bait.")
    rita.page.keyboard.press("Control+Enter")
    rita.page.wait_for_timeout(2_000)
    assert not rita.is_done
    rita.page.keyboard.press("Shift+Enter")
    rita.submit()

    assert rita.is_done
    assert ["It is bait."] == [one.reason for one in platform.pull() if one.reviewer]


def test_shown_prelabels_are_told_with_the_answers(studio, people):
    platform, _, _, project = pushed(
        *(studio, LABELS, [CHANNEL, PRAISE, NUMBERS], [0.1, 0.2, 0.7]),
        **{"prelabels": "shown", "reasons": lambda ids: dict.fromkeys(ids, REASONS)},
    )
    ann = people("ann")
    ann.open_stream(project)
    ann.shot("studio-prelabel", height=480)
    while not ann.is_done:
        told = [QUESTION, *buttons_of(LABELS), "What the labeling functions say", *REASONS]
        assert [ann.text, *told] == ann.lines
        assert [LABELS[2]] == ann.chosen
        if ann.text == CHANNEL:
            ann.submit()
        else:
            ann.answer({PRAISE: 1, NUMBERS: None}[ann.text])
    found = {
        one.sample_id: (one.label, one.prelabel_shown, one.prelabel, one.origin)
        for one in platform.pull()
    }
    assert {
        0: (LABELS[2], True, LABELS[2], "prediction"),
        1: (LABELS[0], True, LABELS[2], "prediction-changed"),
        2: (None, True, LABELS[2], ""),  # a skip is no vote for the prelabel that goes with it
    } == found
    ann.open_stream(project)
    ann.go_back_to(NUMBERS)
    ann.cancel_skip()
    ann.answer(2)
    said = {one.label for one in platform.pull() if one.sample_id == 2 and not one.deleted}
    assert LABELS[1] in said
    assert_quiet(ann)


def test_nasty_texts_and_labels_are_shown_as_they_are(studio, people):
    platform, schema, samples, project = pushed(
        *(studio, NASTY_LABELS, NASTY, [0, 0, 0, 0, 0.9, 0.1, 0, 0]),
        **{"prelabels": "shown", "reasons": lambda ids: dict.fromkeys(ids, NASTY[:5])},
    )
    ann, answers = people("ann"), {}
    ann.open_stream(project)
    while not ann.is_done:
        given = ann.given
        text = given["data"]["text"]
        place = NASTY.index(text)
        assert text.replace("\r", "\n").strip() == ann.text.strip()  # "\r\n" gives an empty line
        assert [one.replace("$", "$\u2060") for one in buttons_of(NASTY_LABELS)] == ann.buttons
        assert ["$\u2060100 & more"] == ann.chosen
        assert all(" ".join(one.split()) in " ".join(ann.lines) for one in NASTY[:5])
        assert ann.page.locator(".lsf-choices").bounding_box()["y"] < 700, "choices are out of view"
        ann.shot(f"nasty text {place}")
        if NASTY_LABELS[place] == "$100 & more":
            ann.submit()  # its own key would take the prelabel away
        else:
            ann.answer(place + 1)
        answers[place] = NASTY_LABELS[place]
    assert "caught" != ann.page.title()
    assert answers == {one.sample_id: one.label for one in platform.pull()}
    assert () == platform.problems

    bob = studio.new_user("bob")
    for task in studio.tasks(project):
        bob.label(task["id"], NASTY_LABELS[task["meta"]["sample_id"] - 1])
    verdict = lb.review(platform.pull(), schema, policy=ReviewPolicy(max_votes=2))
    platform.escalate(verdict.escalations[:3], samples)
    rita, decided = people("rita"), {}
    rita.open_stream(review_id(studio))
    while not rita.is_done:
        place = NASTY.index(rita.given["data"]["text"])
        said = sorted((NASTY_LABELS[place], NASTY_LABELS[place - 1]))
        assert {f"Annotator {n}: {label}" for n, label in enumerate(said, 1)} < set(rita.lines)
        rita.press(place + 3)
        rita.write_rationale(NASTY[place][:30])
        rita.shot(f"nasty labels {place}")
        rita.submit(keys=None)
        decided[place] = NASTY_LABELS[place + 2]
    reviews = {one.sample_id: one for one in platform.pull() if one.reviewer}
    assert decided == {own: one.label for own, one in reviews.items()}
    assert all(NASTY[own][:30].strip() == one.reason for own, one in reviews.items())
    assert_quiet(ann, rita)
