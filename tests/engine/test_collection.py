"""The garbage collector is left as it was, and still collects what functions leave behind."""

import gc
import weakref

import pandas as pd

import labeling as lb


class Loop:
    """Garbage that only the collector finds."""

    def __init__(self):
        self.itself = self


def test_what_functions_leave_behind_is_collected_meanwhile(schema):
    made = weakref.WeakSet()
    most = []

    def leaves_garbage(x):
        made.add(Loop())
        most.append(len(made))
        return 0

    frame = pd.DataFrame({"n": range(20_000)})
    lb.apply(lb.LabelingFunction("leaves", leaves_garbage), frame, schema)
    assert max(most) < 10_000


def test_the_collector_is_as_it_was(schema):
    frame = pd.DataFrame({"n": [1], "tags": [["a"]]})
    fails = lb.LabelingFunction("fails", lambda x: 1 // 0)
    for switch in (gc.disable, gc.enable):
        switch()
        lb.apply(fails, frame, schema, on_error="record")
        assert gc.isenabled() == (switch is gc.enable)
        assert gc.get_freeze_count() == 0


def test_objects_that_the_program_froze_stay_frozen(schema):
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        lb.apply(lb.LabelingFunction("fine", lambda x: 0), pd.DataFrame({"n": [1]}), schema)
        assert gc.get_freeze_count() >= frozen - 100
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
