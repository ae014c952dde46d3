"""Errors are located in the user's own code, wherever the process works."""

import os

from labeling.records import location_of


def error_here():
    try:
        raise ValueError
    except ValueError as error:
        return error


def test_a_working_folder_that_was_deleted_hides_no_error(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    os.rmdir(folder)

    location = location_of(error_here())
    monkeypatch.undo()  # a deleted folder must not be what later tests work in

    assert location is not None
    assert f"{__file__}:" in location
