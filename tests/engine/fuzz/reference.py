"""The votes of a plain loop: no engine, no frame, one call of the function for each sample."""

from labeling.records import missing_column

ABSTAIN = -1


class PlainRow:
    """A sample, as the documentation describes it: `x.a`, `x["a"]`, `x.get("a", default)`.

    Args:
        values: by column.
    """

    def __init__(self, values):
        self.__dict__["_values"] = values

    def __getattr__(self, name):
        if name in self._values:
            return self._values[name]
        raise missing_column(self._values, name)

    def __getitem__(self, name):
        if name in self._values:
            return self._values[name]
        raise missing_column(self._values, name)

    def __contains__(self, name):
        return name in self._values

    def get(self, name, default=None):
        return self._values.get(name, default)


class NoVoteError(Exception):
    """What a function returned is no vote."""


def rows_of(values, count):
    """Return a row for each sample."""
    return [
        PlainRow({name: column[number] for name, column in values.items()})
        for number in range(count)
    ]


def code_of(answer, labels, label):
    """Return the code of an answer.

    Raises:
        NoVoteError: it is no vote.
    """
    if answer is None:
        return ABSTAIN
    if isinstance(answer, bool):
        if label is None:
            raise NoVoteError(repr(answer))
        return labels.index(label) if answer else ABSTAIN
    if isinstance(answer, str) and answer in labels:
        return labels.index(answer)
    if isinstance(answer, int):
        return _code_of_int(int(answer), labels)
    raise NoVoteError(repr(answer))


def _code_of_int(answer, labels):
    if answer == ABSTAIN:
        return ABSTAIN
    if any(name.isdigit() for name in labels):  # numbers are names, and never codes
        if str(answer) in labels:
            return labels.index(str(answer))
    elif 0 <= answer < len(labels):
        return answer
    raise NoVoteError(repr(answer))


def plain_votes(function, rows, labels, label):
    """Return for each row the code, or a tuple of the error: its type's name, and its text.

    The text is `None` for what is no vote, and for errors whose text depends on the type of rows.
    """
    outcomes = []
    for row in rows:
        try:
            outcomes.append(code_of(function(row), labels, label))
        except NoVoteError:
            outcomes.append(("WrongReturnError", None))
        except StopIteration:
            outcomes.append(("StopIteration", None))
        except Exception as error:  # noqa: BLE001
            text = None if "PlainRow" in str(error) else str(error)
            outcomes.append((type(error).__name__, text))
    return outcomes
