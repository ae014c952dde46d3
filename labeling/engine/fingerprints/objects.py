"""Hashes of classes, and of instances of the user's classes and of this package's."""

from __future__ import annotations

import contextlib
import functools
import types
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from labeling.engine.fingerprints.libraries import (
    library_text,
    module_of,
    module_of_function,
    names,
    origin_of,
    outside,
)
from labeling.engine.fingerprints.walk import Walk

_METADATA = names(
    "__annotations__ __annotate__ __annotations_cache__ __annotate_func__"
    " __conditional_annotations__"
    " __dataclass_fields__ __dataclass_params__ __dict__ __doc__ __firstlineno__ __match_args__"
    " __module__ __orig_bases__ __parameters__ __qualname__ __static_attributes__ __weakref__"
    " __abstractmethods__ _abc_impl _member_map_ _value2member_map_ _hashable_values_"
    " _unhashable_values_ _unhashable_values_map_ __signature__"
)
"""What classes have beside attributes and methods, or have of them once more."""

_INERT_BASES = frozenset(("object", "Generic", "Protocol", "ABC", "Exception"))
_CONTENTS = (dict, list, tuple, set, frozenset, str, bytes, int, float)


def python_class(walk: Walk, value: Any, name: str) -> bool:
    """Hash a class: one of a library by name, one of the user by its attributes and methods."""
    if not isinstance(value, type):
        return False
    module = module_of(value)
    walk.put("class", value.__qualname__)
    if origin_of(module) != "user":
        reason = outside(module, value.__qualname__)
        if reason is not None and module != "logging":
            walk.miss(reason)
        walk.put(library_text(module))
        return True
    if walk.is_known(value):
        return True
    walk.has_state = True
    for base in value.__bases__:
        walk.add(base, base.__qualname__)
    walk.add(type(value), type(value).__qualname__)
    for key, attribute in sorted(vars(value).items()):
        if key not in _METADATA:
            walk.put(key)
            _class_attribute(walk, attribute, f"{value.__qualname__}.{key}")
    return True


def _class_attribute(walk: Walk, value: Any, name: str) -> None:
    if isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
        walk.put("slot")
        return
    parts = _accessors(value)
    if parts is not None:
        walk.put(type(value).__name__)
        for part in parts:
            _class_attribute(walk, part, name)
    elif type(value).__name__ == "_tuplegetter" and _is_of_python(type(value)):
        walk.put("field", repr(value.__reduce__()[1][:1]))
    elif isinstance(value, FunctionType) and origin_of(module_of_function(value)) != "user":
        # What `dataclass`, `namedtuple` and `enum` add is code made from what is hashed here.
        walk.put("function", library_text(module_of_function(value)), value.__qualname__)
        for cell in value.__closure__ or ():
            walk.add(cell.cell_contents, name)
    else:
        walk.add(value, name)


def _accessors(value: Any) -> tuple[Any, ...] | None:
    """Return the functions that a descriptor of Python calls; `None` for other attributes."""
    if isinstance(value, (classmethod, staticmethod)):
        return (value.__func__,)
    if type(value) is property:
        return (value.fget, value.fset, value.fdel)
    return (value.func,) if type(value) is functools.cached_property else None


def _is_of_python(kind: type) -> bool:
    return origin_of(module_of(kind)) == "standard"


def instance(walk: Walk, value: Any, name: str) -> bool:
    """Hash an instance of the user's classes or of this package's: its class and attributes."""
    kind = type(value)
    origin = origin_of(module_of(kind))
    if isinstance(value, ModuleType) or origin not in ("user", "labeling"):
        return False
    if walk.is_known(value):
        return True
    reason = outside(module_of(kind), kind.__qualname__) if origin == "labeling" else None
    if reason is not None:
        walk.miss(reason)
    walk.has_state = True
    walk.put("instance")
    walk.add(kind, kind.__qualname__)
    if hasattr(kind, "fingerprint_parts") and origin == "labeling":
        _declared(walk, value, name)
        return True
    if not _contents(walk, value, name):
        return False
    for key, attribute in _attributes(value):
        walk.put(key)
        walk.add(attribute, f"{name}.{key}")
    return True


def _declared(walk: Walk, value: Any, name: str) -> None:
    """Hash what an object of this package names as the parts that decide what it does."""
    version, parts = value.fingerprint_parts()
    unseen = dict(walk.unseen)
    walk.add((version, parts), name)
    if version is not None:  # it speaks for what cannot be hashed
        walk.unseen = unseen


def _contents(walk: Walk, value: Any, name: str) -> bool:
    """Hash what an instance holds by its built-in base; return whether its bases are known."""
    for base in type(value).__mro__:
        origin = origin_of(module_of(base))
        if origin in ("user", "labeling") or base.__name__ in _INERT_BASES:
            continue
        if base not in _CONTENTS:
            return False
        walk.put(f"contents {base.__name__}")
        if isinstance(value, dict):
            walk.add(dict(dict.items(value)), name)
        elif isinstance(value, (list, tuple, set, frozenset)):
            members: Any = base
            walk.add(members(members.__iter__(value)), name)
        else:
            walk.put(base.__repr__(value))
    return True


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an instance's attributes, sorted by name."""
    attributes: dict[str, Any] = {}
    for base in type(value).__mro__:
        for key, descriptor in vars(base).items():
            if isinstance(descriptor, types.MemberDescriptorType):
                try:
                    attributes[key] = descriptor.__get__(value, base)
                except AttributeError:  # not set
                    continue
    with contextlib.suppress(AttributeError):  # it has slots only
        attributes |= object.__getattribute__(value, "__dict__")
    yield from sorted(attributes.items())
