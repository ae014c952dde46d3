"""A config is read exactly, and what is wrong with it is said in words that help."""

import pytest

import labeling as lb
from labeling.config import load_config

GOOD = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [lfs/rules.py]
"""


def loaded(folder, text, name="project.yaml"):
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def test_what_is_left_out_has_its_default(tmp_path):
    config = loaded(tmp_path, GOOD)

    assert ("text", "mixture", 2, 3, None) == (
        config.data.text,
        config.query.strategy,
        config.review.min_votes,
        config.review.max_votes,
        config.replay,
    )


def test_paths_start_at_the_projects_folder(tmp_path):
    assert tmp_path.resolve() / "a" == loaded(tmp_path, GOOD).at("a")
    assert tmp_path.resolve() / "a" == loaded(tmp_path, GOOD, "configs/project.yaml").at("a")


def test_parts_may_be_merged_as_yaml_has_it(tmp_path):
    config = loaded(tmp_path, GOOD + "query:\n  <<: {n: 7}\n  strategy: margin\n")

    assert (7, "margin") == (config.query.n, config.query.strategy)


def test_a_config_cannot_be_changed(tmp_path):
    with pytest.raises(ValueError, match="frozen"):
        loaded(tmp_path, GOOD).seed = 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("qeury: {n: 3}", "no key 'qeury'. Did you mean 'query'"),
        ("query: {strateg: margin}", "no key 'query.strateg'. Did you mean 'strategy'"),
        ("replay: {votes: a, reviwer: b}", "'replay.reviwer'. Did you mean 'reviewer'"),
        ("query: {n: three}", "'query.n' must be a whole number. Got 'three'"),
        ("query: {n: 0}", "'query.n' must be at least 1. Got 0"),
        ("export: {min_confidence: 2}", "'export.min_confidence' must be at most 1"),
        ("labels: [ham]", "'labels' must have at least 2 values"),
        ("labels: [yes, no]", "Got True. YAML reads yes, no.*quotes"),
        ("labels: {yes: good, no: bad}", "Got True. YAML reads yes, no.*quotes"),
        (
            "labels: [1, 2]",
            "'labels.0' must be a text. Got 1. A label is a text: put quotes around it",
        ),
        ("labels: {ham: 7, spam:}", "'labels.ham': a description must be a text. Got 7"),
        ("labels: [ham, {spam: [x]}]", "'labels.spam': a description must be a text"),
        ("labels: [ham, {a: x, b: y}]", "'labels.1' must be a text"),
        ("seed: -1", "'seed' must be at least 0"),
        ("root: /", "no key 'root'"),
        ("1: 2", "keys must be texts"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, more, message):
    lines = [line for line in GOOD.splitlines() if not line.startswith(more.split(":")[0] + ":")]
    with pytest.raises(lb.LabelingError, match=message):
        loaded(tmp_path, "\n".join([*lines, more]))


@pytest.mark.parametrize(
    ("labels", "descriptions"),
    [
        ("[ham, spam]", {}),
        ("{ham: , spam: }", {}),
        ("{ham: , spam: It wants money.}", {"spam": "It wants money."}),
        ("[ham, {spam: It wants money.}]", {"spam": "It wants money."}),
        (
            "{ham: 'What is left:\n  all the rest.', spam: ''}",
            {"ham": "What is left: all the rest."},
        ),
    ],
)
def test_labels_are_a_list_a_mapping_to_descriptions_or_both(tmp_path, labels, descriptions):
    """What is said of labels changes neither them nor what is remembered of their project."""
    lines = GOOD.replace("[ham, spam]", labels)
    config, plain = loaded(tmp_path, lines), loaded(tmp_path, GOOD)
    schema = lb.LabelSchema(config.labels, config.label_descriptions)

    assert descriptions == schema.descriptions
    assert plain.digest == config.digest
    assert plain.model_dump_json() == config.model_dump_json()
    assert schema == lb.LabelSchema(plain.labels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labels: [a, b]", "Key 'data' is missing. Key 'labeling_functions' is missing"),
        ("- a\n- b", "must hold keys such as"),
        ("data: [", "must be a YAML file"),
        ("labels: [2020-13-01, b]", "must be a YAML file"),
        ("", "must hold keys such as"),
        ("seed: 1\nseed: 2", "key 'seed' is given twice in the part from line 1"),
        ("!!python/object/apply:os.system ['true']", "must be a YAML file"),
    ],
)
def test_what_is_no_config_is_said(tmp_path, text, message):
    with pytest.raises(lb.LabelingError, match=message):
        loaded(tmp_path, text)


def test_a_missing_config_names_the_near_one(tmp_path):
    loaded(tmp_path, GOOD)

    with pytest.raises(lb.LabelingError, match=r"no config file .*Did you mean .*project\.yaml"):
        load_config(tmp_path / "projcet.yaml")


def test_a_missing_config_names_others_or_how_to_begin(tmp_path):
    with pytest.raises(lb.LabelingError, match="`labeling init` writes one"):
        load_config(tmp_path / "spam.yaml")
    loaded(tmp_path, GOOD)
    with pytest.raises(lb.LabelingError, match=r"There are '.*project\.yaml': name one with -c"):
        load_config(tmp_path / "qq")


def test_a_config_that_cannot_be_read_is_an_error_of_ours(tmp_path):
    """Neither the system's refusal nor another encoding ends with a traceback."""
    (tmp_path / "latin.yaml").write_bytes("labels: [gr\xfc\xdfe, b]".encode("latin-1"))

    with pytest.raises(lb.LabelingError, match="cannot be read"):
        load_config(tmp_path / ("x" * 300))
    with pytest.raises(lb.LabelingError, match="cannot be read: 'utf-8' codec"):
        load_config(tmp_path / "latin.yaml")
