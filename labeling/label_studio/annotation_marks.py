"""Marks of annotations that this package wrote: reviewers' decisions, and copies of votes.

A mark is in the meta of the annotation's results. An annotation without results, such as the answer
that a text has no span, has no meta: its mark is a negative `import_id`, which no import gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

RawAnnotation = Mapping[str, Any]

DECISION = "decision"
"""Key in a result's meta: the reviewer's decision that was written back; it is nobody's vote."""

COPIED = "copied_from"
"""Key in a result's meta: the id of the annotation that was copied when tasks were merged."""

EMPTY_DECISION = -1
"""The `import_id` of a decision without results; that of a copy is -1 minus the original's id."""


def decision_id(raw: RawAnnotation) -> str | None:
    """Return the platform id of the decision that was written back as an annotation, or `None`.

    It is empty for a decision without results.
    """
    if _own_import_id(raw) == EMPTY_DECISION:
        return ""
    return next((str(value) for value in _meta_values(raw, DECISION)), None)


def copied_from(raw: RawAnnotation) -> int | None:
    """Return the id of the annotation that this one copies, made when tasks were merged, or `None`.

    A value that is no number was not written here: annotators can write any.

    >>> copied_from({"result": [], "import_id": -8})
    7
    """
    import_id = _own_import_id(raw)
    if import_id is not None and import_id < EMPTY_DECISION:
        return EMPTY_DECISION - import_id
    return next((value for value in _meta_values(raw, COPIED) if type(value) is int), None)


def decision_fields(result: list[dict[str, object]], platform_id: str) -> dict[str, Any]:
    """Return the SDK's arguments for an annotation with a decision as its result.

    Args:
        result: the result of the decided label.
        platform_id: the platform id of the deciding annotation.
    """
    return _marked(result, DECISION, platform_id, EMPTY_DECISION)


def copy_fields(raw: RawAnnotation) -> dict[str, Any]:
    """Return the SDK's arguments for an annotation with the result of another, marked as its copy.

    Args:
        raw: the annotation to copy; the copy of a decision is that decision.

    >>> copy_fields({"id": 7, "result": []})
    {'result': [], 'request_options': {'additional_body_parameters': {'import_id': -8}}}
    """
    annotation_id = int(raw["id"])
    items = [dict(item) for item in raw.get("result") or () if isinstance(item, Mapping)]
    is_decision = _own_import_id(raw) == EMPTY_DECISION
    mark = EMPTY_DECISION if is_decision else EMPTY_DECISION - annotation_id
    return _marked(items, COPIED, annotation_id, mark)


def _marked(
    result: list[dict[str, Any]], key: str, value: object, import_id: int
) -> dict[str, Any]:
    if not result:  # the SDK's method has no argument for this field
        options = {"additional_body_parameters": {"import_id": import_id}}
        return {"result": [], "request_options": options}
    return {"result": [{**item, "meta": {**_meta_of(item), key: value}} for item in result]}


def _own_import_id(raw: RawAnnotation) -> int | None:
    """Return the mark of an annotation without results, if it has one."""
    import_id = raw.get("import_id")
    return import_id if isinstance(import_id, int) and import_id < 0 else None


def _meta_values(raw: RawAnnotation, key: str) -> Iterator[object]:
    for item in raw.get("result") or ():
        meta = _meta_of(item) if isinstance(item, Mapping) else {}
        if meta.get(key) is not None:
            yield meta[key]


def _meta_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = item.get("meta")
    return meta if isinstance(meta, Mapping) else {}
