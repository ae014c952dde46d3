"""Files of a store are named by what they hold, are whole, and are known to the database."""

import hashlib
import os

import pytest

import labeling as lb
from labeling.errors import StoreError
from labeling.store import Store
from labeling.store.artifacts import RETAINED


def keep(store, content=b"one", kind="votes", inputs="inputs"):
    return store.artifacts.save(
        kind,
        lambda path: path.write_bytes(content),
        **{"inputs": inputs, "about": {"n": len(content)}, "made_at": "2026-01-01"},
    )


def there(store, kind="votes"):
    return sorted(path.name for path in (store.artifacts.folder / kind).iterdir())


def test_a_file_is_named_by_its_content_and_found_by_what_it_was_made_of(store):
    kept = keep(store, inputs="these")
    other = keep(store, b"two", inputs="those")

    assert hashlib.sha256(b"one").hexdigest() == kept.digest == kept.path.stem
    assert (kept, other) == (
        store.artifacts.latest("votes", "these"),
        store.artifacts.latest("votes"),
    )
    assert b"one" == store.artifacts.verified_path(kept).read_bytes()
    assert {"n": 3} == kept.about
    assert None is store.artifacts.latest("votes", "others") is store.artifacts.latest("posterior")


def test_the_same_content_is_one_file_and_one_row(store):
    assert keep(store) == keep(store)
    assert 1 == len(there(store))
    assert keep(store, inputs="made of others, too").path == keep(store).path
    assert 1 == len(there(store))


def test_a_damaged_file_is_an_error_and_says_what_to_do(store):
    kept = keep(store)
    kept.path.write_bytes(b"onE")

    with pytest.raises(StoreError, match="was changed or damaged"):
        store.artifacts.verified_path(kept)
    kept.path.unlink()
    assert None is store.artifacts.verified_path(kept)
    assert keep(store) == kept
    assert b"one" == store.artifacts.verified_path(kept).read_bytes()


def test_a_file_that_could_not_be_written_leaves_nothing(store):
    kept = keep(store)

    def half(path):
        path.write_bytes(b"ha")
        raise OSError("no more")

    with pytest.raises(
        StoreError, match=r"cannot be written.*no more.*Nothing stored before is lost"
    ):
        store.artifacts.save("votes", half, inputs="", about={}, made_at="")
    assert [kept.path.name] == there(store)
    assert kept == store.artifacts.latest("votes")


def test_what_killed_processes_left_is_tidied(tmp_path, url):
    """Unfinished files, and whole ones that the database does not know; not what it knows."""
    store = Store(tmp_path / "memory", "test", url=url)
    with store.locked("apply"):
        kept = keep(store)
        folder = kept.path.parent
        (folder / ".votes.123.part").write_bytes(b"o")
        (folder / f"{'0' * 64}.parquet").write_bytes(b"unknown")
    with store.locked("fit"):
        assert [kept.path.name] == there(store)


@pytest.mark.parametrize("kind", sorted(RETAINED))
def test_what_can_be_made_again_does_not_pile_up(tmp_path, url, kind):
    store = Store(tmp_path / "memory", "test", url=url)
    with store.locked("apply"):
        kept = [keep(store, str(n).encode(), kind, str(n)) for n in range(RETAINED[kind] + 3)]
    with store.locked("fit"):
        pass

    assert sorted(one.path.name for one in kept[3:]) == there(store, kind)
    assert None is store.artifacts.latest(kind, "2")
    assert kept[3] == store.artifacts.latest(kind, "3")


def test_training_sets_are_never_thrown_away(tmp_path, url):
    store = Store(tmp_path / "memory", "test", url=url)
    with store.locked("export"):
        kept = [keep(store, str(n).encode(), "training_set", str(n)) for n in range(20)]
    with store.locked("fit"):
        assert 20 == len(there(store, "training_set"))
        assert kept[0] == store.artifacts.latest("training_set", "0")


def test_a_file_whose_transaction_failed_is_made_again(store):
    """The file was written and the database did not take it: nothing points to it."""

    def fails():
        with store.database.writing():
            keep(store)
            raise KeyError

    with pytest.raises(KeyError):
        fails()

    assert None is store.artifacts.latest("votes")
    store.artifacts.remove_orphans()
    assert [] == there(store)


def test_a_folder_in_the_way_is_an_error_of_ours(tmp_path, url):
    (tmp_path / "memory").write_text("a file", encoding="utf-8")
    store = Store(tmp_path / "memory", "test", url=url)

    with pytest.raises(lb.LabelingError, match="cannot be made"), store.locked("apply"):
        pytest.fail("held")
    assert not url or not store.exists


def test_nothing_is_made_by_only_looking(tmp_path, url):
    store = Store(tmp_path / "memory", "test", url=url)

    assert (False, False) == (store.exists, store.ready())
    assert [] == os.listdir(tmp_path)
