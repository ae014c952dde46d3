"""Hashes of functions: their code, and what they look up outside of it."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
import sys
import time
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

from labeling.engine.fingerprints.bytecode import (
    Step,
    closure_of,
    inner_codes,
    steps_of,
    used_constants,
)
from labeling.engine.fingerprints.libraries import (
    library_text,
    module_of,
    module_of_function,
    names,
    origin_of,
    outside,
)
from labeling.engine.fingerprints.walk import Walk

_FLAGS = 0x03FF
"""Flags of code that decide what it does, not how it was compiled."""

_OUTSIDE_METHODS = names(
    # Methods whose object the code alone does not tell; a column of a row may have such a name.
    "cursor environ execute executemany exists fetchall fetchone getenv glob is_dir is_file iterdir"
    " localtime now open rand randint random read_bytes read_csv read_excel read_json read_parquet"
    " read_text recv request rglob stat time_ns today urandom urlopen utcnow uuid1 uuid4"
    " __builtins__ __code__ __dict__ __globals__ __subclasses__ f_globals f_locals"
)
_LOCAL_TIME = frozenset(("astimezone", "fromtimestamp", "mktime", "strftime", "timestamp"))
"""Methods whose answers depend on the time zone of the machine."""

_CHANGES = names(
    "add append appendleft clear discard extend extendleft insert move_to_end pop popitem popleft"
    " remove reverse setdefault sort subtract update __setitem__ __delitem__ __setattr__"
)
"""Methods that change an object in place."""
_LOOK_UPS = frozenset(("get", "__getitem__", "__contains__"))
"""Methods of dicts for which the order of the dict does not matter."""
_CHANGING_FUNCTIONS = names(
    "delattr delitem heapify heappop heappush heappushpop heapreplace iadd iand iconcat imul ior"
    " insort insort_left insort_right isub ixor setattr setitem shuffle"
)
"""Functions of Python that change an argument in place."""
_IN_PLACE = range(13, 26)
"""Arguments of `BINARY_OP` for `+=` and its like, which change lists and sets in place."""
_CHANGING_STEPS = frozenset(("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_ATTR", "DELETE_ATTR"))
_CONTAINERS = (list, dict, set, bytearray)

_METADATA = frozenset(("__doc__", "__module__", "__name__", "__qualname__", "__wrapped__"))
_CACHED = type(functools.lru_cache(maxsize=1)(len))
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the names of a piece of code are looked up.

    Attributes:
        globals: of its module.
        builtins: of its module.
        closure: the variables of the functions around it, as far as they have a value.
        row: the name of the parameter that is a sample, whose attributes are columns.
        modules: the names of local variables that are modules, imported inside the function.
    """

    globals: Mapping[str, Any]
    builtins: Mapping[str, Any]
    closure: Mapping[str, Any]
    row: str | None
    modules: Mapping[str, ModuleType]


def function(walk: Walk, value: FunctionType, name: str) -> None:
    """Hash a function of Python."""
    module = module_of_function(value)
    origin, called = origin_of(module), value.__code__.co_qualname  # others may be renamed
    if origin != "user":
        reason = outside(module, called)
        if reason is not None:
            walk.miss(reason)
        walk.put("function", library_text(module), module, called)
        if "<locals>" not in called:
            return
        if origin != "labeling":
            walk.miss(f"{name} (a function made by {module})")
            return
    if not walk.is_known(value):
        python_function(walk, value, None)


def python_function(walk: Walk, value: FunctionType, row: str | None) -> None:
    """Hash the code of a function, its defaults and attributes, and what it looks up.

    Args:
        walk: the walk.
        value: the function.
        row: the name of its parameter that is a sample, if known.
    """
    code = value.__code__
    walk.put("python function")
    walk.add(value.__defaults__, f"a default of {value.__name__}")
    walk.add(value.__kwdefaults__, f"a default of {value.__name__}")
    if value.__dict__:
        for key, attribute in sorted(value.__dict__.items()):
            walk.put(key)
            walk.add(attribute, f"{value.__name__}.{key}")
    closure = {}
    for free, cell in zip(code.co_freevars, value.__closure__ or (), strict=True):
        try:
            closure[free] = cell.cell_contents
        except ValueError:  # not set yet
            walk.put(f"empty {free}")
    # typeshed does not know of it; it may have been replaced by the user's
    builtins: dict[str, Any] = cast(Any, value).__builtins__
    _code(walk, code, Scope(value.__globals__, builtins, closure, row, {}))


def _code(walk: Walk, code: CodeType, scope: Scope) -> None:
    """Hash code, what it looks up, and the code inside it."""
    count = code.co_argcount + code.co_kwonlyargcount
    walk.put("code", str(code.co_flags & _FLAGS), repr(code.co_exceptiontable))
    walk.put_bytes(code.co_code)
    walk.put(repr(code.co_names), str(len(code.co_varnames)), repr(code.co_varnames[1:count]))
    walk.put(f"{code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount}")
    walk.put(str(len(code.co_cellvars)), str(len(code.co_freevars)))
    for number, constant in used_constants(code):
        walk.put(f"constant {number}")
        if not isinstance(constant, CodeType):
            walk.add(constant, "a constant")
    steps = steps_of(code)
    modules = _imports(walk, steps, scope)
    scope = Scope(scope.globals, scope.builtins, scope.closure, scope.row, modules)
    position = 0
    while position < len(steps):
        position = _look_up(walk, steps, position, scope)
    for inner in inner_codes(code):
        closure = closure_of(code, inner, dict(scope.closure))
        row = scope.row if scope.row in inner.co_freevars else None
        _code(walk, inner, Scope(scope.globals, scope.builtins, closure, row, {}))


def _look_up(walk: Walk, steps: tuple[Step, ...], position: int, scope: Scope) -> int:
    """Hash what a step looks up, with the attributes that are read of it; return the next step."""
    step = steps[position]
    is_change = step.op in _CHANGING_STEPS and not _is_row(steps[position - 1], scope)
    if is_change or (step.op == "BINARY_OP" and step.value in _IN_PLACE):
        walk.may_change_state = True
    if step.op in ("STORE_GLOBAL", "DELETE_GLOBAL"):
        walk.miss(f"the global variable {step.value}, which it changes")
    if step.op in ("STORE_DEREF", "DELETE_DEREF") and step.value in scope.closure:
        walk.miss(f"the variable {step.value} of a function around it, which it changes")
    end = position + 1
    while end < len(steps) and steps[end].op == "LOAD_ATTR" and not steps[end].is_target:
        end += 1
    attributes = [str(steps[number].value) for number in range(position + 1, end)]
    if step.op == "LOAD_ATTR":  # of something that was computed
        attributes.insert(0, str(step.value))
    value = _value_of(step, scope)
    if value is _MISSING:
        _attributes(walk, attributes[1:] if _is_row(step, scope) else attributes)
    else:
        _chain(walk, value, str(step.value), attributes)
    return end


def _is_row(step: Step, scope: Scope) -> bool:
    """Whether a step loads the sample."""
    return step.op in ("LOAD_FAST", "LOAD_DEREF") and step.value == scope.row


def _value_of(step: Step, scope: Scope) -> Any:
    name = step.value
    if step.op in ("LOAD_GLOBAL", "LOAD_NAME"):
        return scope.globals.get(name, scope.builtins.get(name, _MISSING))
    if step.op == "LOAD_DEREF":
        return scope.closure.get(name, _MISSING)
    return scope.modules.get(name, _MISSING) if step.op == "LOAD_FAST" else _MISSING


def _chain(walk: Walk, value: Any, name: str, attributes: list[str]) -> None:
    """Hash `name.attribute.attribute`: of a module only what is used of it."""
    rest = list(attributes)
    while isinstance(value, ModuleType) and rest and not rest[0].startswith("__"):
        name, value = _member(walk, value, name, rest.pop(0))
    if value is _MISSING:
        walk.miss(f"{name}, which its module does not have")
        return
    walk.put("looked up", *rest)
    if isinstance(value, ModuleType):
        walk.miss(f"{name}, a module that is used as a whole")
        return
    if rest and isinstance(value, type):
        _miss_outside(walk, value, rest[0])
    if rest and rest[0] in _CHANGES and isinstance(value, _CONTAINERS):
        walk.miss(f"{name}, which it changes")
    _attributes(walk, rest)
    walk.add(value, name)


def _member(walk: Walk, module: ModuleType, name: str, attribute: str) -> tuple[str, Any]:
    """Return the name and the value of an attribute of a module."""
    if origin_of(module.__name__) == "standard" and module.__name__ not in ("os", "os.path"):
        reason = outside(module.__name__, attribute)
        if reason is not None:
            walk.miss(reason)
    return f"{name}.{attribute}", vars(module).get(attribute, _MISSING)


def _miss_outside(walk: Walk, owner: type, attribute: str) -> None:
    """Record a method of a library's class whose answer its arguments do not determine."""
    module = module_of(owner)
    reason = outside(module, f"{owner.__qualname__}.{attribute}")
    if reason is not None and origin_of(module) != "user":
        walk.miss(reason)


def _attributes(walk: Walk, attributes: list[str]) -> None:
    """Record attributes that may read what is outside of the process, or change an object."""
    for attribute in attributes:
        if attribute in _OUTSIDE_METHODS:
            walk.miss(f"what {attribute} reads")
        if attribute in _LOCAL_TIME:
            walk.put("local time", repr(time.tzname), str(time.timezone))
        if attribute in _CHANGES:
            walk.may_change_state = True


def _imports(walk: Walk, steps: tuple[Step, ...], scope: Scope) -> dict[str, ModuleType]:
    """Hash what is imported inside a function; return the local names of modules."""
    modules: dict[str, ModuleType] = {}
    stored = [step.value for step in steps if step.op == "STORE_FAST"]
    for position, step in enumerate(steps):
        if step.op != "IMPORT_NAME":
            continue
        level = steps[position - 2].value
        module = _module(str(step.value), level, scope)
        if module is None:
            walk.miss(f"{step.value}, which it imports")
            continue
        following = steps[position + 1]
        if following.op == "STORE_FAST" and stored.count(following.value) == 1:
            is_dotted = steps[position - 1].value is None and "." in str(step.value)
            top = sys.modules.get(module.__name__.partition(".")[0], module)
            modules[following.value] = top if is_dotted else module
        elif following.op == "IMPORT_FROM":
            for name in _imported_names(steps, position + 1):
                _chain(walk, module, module.__name__, [name])
        else:
            walk.miss(f"{step.value}, which it imports")
    return modules


def _imported_names(steps: tuple[Step, ...], position: int) -> Iterator[str]:
    while position < len(steps) and steps[position].op == "IMPORT_FROM":
        yield str(steps[position].value)
        position += 2  # its value is stored


def _module(name: str, level: Any, scope: Scope) -> ModuleType | None:
    """Return a module that code imports; `None` for packages about which nothing is known."""
    try:
        if level:
            name = importlib.util.resolve_name("." * level + name, scope.globals["__package__"])
        origin = origin_of(name)
        if origin == "installed" and outside(name, "") is not None:
            return None
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001  # a user's module may raise anything
        return None


def bound_method(walk: Walk, value: Any, name: str) -> bool:
    """Hash a method that is bound to an object: both."""
    kinds = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)
    if not isinstance(value, kinds):
        return False
    owner = getattr(value, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        return False
    walk.put("bound", value.__name__)
    if isinstance(value, types.MethodType):
        walk.add(value.__func__, name)
    if isinstance(owner, type):
        _miss_outside(walk, owner, value.__name__)
    elif value.__name__ in _CHANGES:
        walk.may_change_state = True
    is_look_up = type(owner) is dict and value.__name__ in _LOOK_UPS
    walk.add(owner.items() if is_look_up else owner, name)
    return True


def partial(walk: Walk, value: Any, name: str) -> bool:
    """Hash a partial function, and a function with a cache of its results."""
    if type(value) is functools.partial:
        walk.put("partial")
        for part in (value.func, value.args, *value.keywords.items(), *value.__dict__.items()):
            walk.add(part, name)
        return True
    if type(value) is _CACHED:
        walk.put("cached")
        walk.add(value.__wrapped__, name)
        return True
    return False


def library_callable(walk: Walk, value: Any, name: str) -> bool:
    """Hash what is written in C, or by decorators of a library, by its name and version."""
    if isinstance(value, logging.Logger):  # what is logged is no vote
        walk.put("logger")
        return True
    module = module_of(value) or module_of(getattr(value, "__objclass__", None))
    called = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    owner = getattr(value, "__self__", None)
    is_bound = owner is not None and not isinstance(owner, ModuleType)
    if not module or not isinstance(called, str) or not callable(value) or is_bound:
        return False
    if "user" in (origin_of(module_of(type(value))), origin_of(module)) or has_attributes(value):
        return False
    if "<locals>" in called or origin_of(module) == "labeling":
        return False
    reason = outside(module, called)
    if reason is not None:
        walk.miss(reason)
    walk.may_change_state |= called.rpartition(".")[2] in _CHANGING_FUNCTIONS | _CHANGES
    walk.put("callable", library_text(module), module, called)
    return True


def has_attributes(value: Any) -> bool:
    """Return whether an object has attributes of its own that are not described by its name."""
    return not set(getattr(value, "__dict__", ())) <= _METADATA
