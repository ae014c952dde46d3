"""The guide beside files of labels is kept up to date and never written over."""

import pytest

import labeling as lb
from labeling.label_files import LabelFiles
from tests.support.files_of_labels import SAMPLES, batch, only_problem, pushed


def guide_with(folder, labels, descriptions=None, chosen="b", **more):
    """Push with these labels; return the guide then, and the problems."""
    files = LabelFiles(folder, lb.LabelSchema(labels, descriptions), **more)
    files.push(batch(chosen), SAMPLES)
    path = folder / "HOW_TO_LABEL.txt"
    return path.read_bytes().decode("utf-8-sig"), files.problems


def test_how_to_label_is_kept_up_to_date(tmp_path):
    guide, _ = guide_with(tmp_path, ["ham", "spam"], chosen="a")
    assert "   ham\r\n   spam\r\n" in guide
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.write_text(guide.replace("\r\n", "\n").rstrip(), "utf-8")  # as an editor may save it
    guide, problems = guide_with(
        tmp_path, ["ham", "scam"], {"scam": "It wants\nmoney. "}, annotators=["ann", "bob"]
    )
    assert "   ham\r\n   scam\r\n      It wants" in guide
    assert "spam" not in guide
    assert "file with your name" in guide
    assert not problems
    again, _ = guide_with(tmp_path, ["ham", "spam"], chosen="007")
    assert "   ham\r\n   spam\r\n" in again


def test_a_guide_that_an_earlier_version_wrote_is_brought_up_to_date(tmp_path):
    guide, _ = guide_with(tmp_path, ["ham", "spam"], chosen="a")
    before = guide.rpartition("\r\n\r\n")[0] + "\r\n"  # it had no mark
    now = "Leave a row to others\r\n   if you labeled its text before, in another file."
    assert now in before
    earlier = "Where a column `not_for`\r\n   names you, leave the row to others."
    before = before.replace(now, earlier)
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.write_bytes(before.encode("utf-8-sig"))
    guide, problems = guide_with(tmp_path, ["ham", "spam", "other"], votes_per_sample=3)
    assert "   spam\r\n   other\r\n" in guide
    assert "3 people are needed" in guide
    assert not problems
    edited = before.replace("   spam\r\n", "   spam\r\n      (ask Eve first)\r\n")
    path.write_bytes(edited.encode("utf-8-sig"))
    guide, problems = guide_with(tmp_path, ["ham", "spam", "other"], chosen="007")
    assert edited == guide
    (problem,) = problems
    assert "does not have 'other'" in problem.what


@pytest.mark.parametrize("change", [("ham\r\n", "ham (not for money)\r\n"), ("mark ", "mark 0")])
def test_a_guide_that_somebody_changed_stays_and_what_it_lacks_is_told(tmp_path, change):
    guide, _ = guide_with(tmp_path, ["ham", "spam"], chosen="a")
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.write_bytes(guide.replace(*change).encode("utf-8-sig"))
    kept, problems = guide_with(tmp_path, ["ham", "spam"])
    assert (guide.replace(*change), ()) == (kept, problems)
    kept, problems = guide_with(tmp_path, ["ham", "scam"], {"scam": "Money."}, chosen="007")
    assert guide.replace(*change) == kept
    assert "does not have 'scam', 'Money.': add that" in problems[-1].what


@pytest.mark.parametrize("there", [b"our own words", b"", b"\xff\xfe\x00", None])
def test_what_is_no_guide_of_ours_is_never_written_over(tmp_path, there):
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.mkdir() if there is None else path.write_bytes(there)
    files = pushed(tmp_path, "a")
    assert path.is_dir() if there is None else there == path.read_bytes()
    assert "does not have 'ham', 'spam'" in only_problem(files).what
