"""`ModuleWriter`: writes labeling functions, and all that they use, as statements of a module."""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import Any, cast

import labeling.functions
from labeling.engine import fingerprint_of
from labeling.errors import literal
from labeling.functions.preprocessing import CachedPreprocessor, preprocessor
from labeling.notebook.exporting.decorators import (
    NAMED_BY_KEYWORD,
    VALUES,
    decorator_of,
    options_of_kind,
)
from labeling.notebook.exporting.definitions import (
    changed_definition,
    class_source,
    default_values,
    definition_of,
    global_names,
    is_plain_lambda,
    lambda_source,
    written,
)
from labeling.notebook.exporting.errors import NameTakenError, NotExportableError
from labeling.notebook.exporting.imports import from_here, import_of, import_of_module, submodules
from labeling.notebook.exporting.literals import Expressions, library_object
from labeling.notebook.exporting.naming import Names, as_word
from labeling.notebook.exporting.value_files import HELPER, ValueFiles, with_lines_of_file
from labeling.records import LabelingFunction, LabelKind, LabelSchema, RecordedCall

_OPERATORS = {"__and__": "&", "__or__": "|"}


class ModuleWriter:
    """Writes labeling functions as statements; what they use is written before them, once.

    Args:
        lfs: the labeling functions of the module.
        stem: how the module's files of values begin.
    """

    def __init__(self, lfs: Sequence[LabelingFunction], stem: str = "values") -> None:
        self._names = Names(lfs)
        self._files = ValueFiles(stem)
        self._imports: dict[str, None] = {}
        self._statements: list[str] = []
        self._in_progress: dict[int, str] = {}
        self._expressions = Expressions(self._reference)
        self._written: dict[int, str] = {}

    @property
    def resources(self) -> dict[str, str]:
        """The content of the files of values, by name."""
        return self._files.contents

    def source(self, heading: str) -> str:
        """Return the module: its docstring, imports, and statements in order.

        Args:
            heading: the text of the docstring.
        """
        head = [f'"""{heading}"""\n', "from __future__ import annotations\n"]
        if self.resources:
            self._imports["import json as _json"] = None
            self._imports["from pathlib import Path as _Path"] = None
        helper = [HELPER] if self.resources else []
        imports = "".join(f"{line}\n" for line in sorted(self._imports) if line)
        return "\n".join([*head, imports, *helper, *self._statements])

    def write(self, lf: LabelingFunction) -> str:
        """Write a labeling function, and return its statement.

        Raises:
            NotExportableError: something that it uses has no source form.
        """
        if id(lf) in self._written:
            return self._written[id(lf)]
        before = dict(self._imports), list(self._statements), dict(self._names.bound)
        try:
            text = self._statement(lf)
        except RecursionError:
            self._imports, self._statements, self._names.bound = before
            raise NotExportableError("what it uses contains itself: write it without") from None
        except NotExportableError:
            self._imports, self._statements, self._names.bound = before
            raise
        self._written[id(lf)] = text
        self._statements.append(text)
        return text

    def _statement(self, lf: LabelingFunction) -> str:
        name = self._names.of_lf[id(lf)]
        if lf.call is not None:
            version = "" if lf.version is None else f"{name}.version = {lf.version!r}\n"
            return f"{name} = {self._call(lf.call, lf.name)}\n{version}"
        changes = [what for what in fingerprint_of(lf).unseen if what.endswith("which it changes")]
        if changes:
            raise NotExportableError(
                f"it uses {changes[0]}, so that its votes depend on the rows before: let it return"
                " what it finds"
            )
        if lf.batch is not None or lf.files or lf.rule is not None:
            raise NotExportableError(
                "it is made by a ready-made kind that holds a model, a table of votes or a service:"
                " write its call into the module yourself"
            )
        function, options = lf.function, self._options(lf, name)
        called = decorator_of(lf).__name__
        self._bind(called, decorator_of(lf))
        if isinstance(function, FunctionType) and import_of(function, name) is None:
            arguments = f"({', '.join(options)})" if options else ""
            return f"@{called}{arguments}\n{self._definition(function, name)}"
        if not any(option.startswith("name=") for option in options):
            options.insert(0, f"name={literal(lf.name)}")
        made_of = self._expressions.of(function, f"{name}_rule")
        return f"{name} = {called}({', '.join(options)})({made_of})\n"

    def _options(self, lf: LabelingFunction, name: str) -> list[str]:
        """Return the arguments of `@labeling_function`."""
        options = [] if lf.name == name else [f"name={literal(lf.name)}"]
        if lf.label is not None:
            options.append(f"label={literal(lf.label)}")
        if lf.resources:
            pairs = (
                f"{key!r}: {self._expressions.of(value, key)}"
                for key, value in lf.resources.items()
            )
            options.append(f"resources={{{', '.join(pairs)}}}")
        if lf.pre:
            steps = (
                self._expressions.of(step, getattr(step, "__name__", "step")) for step in lf.pre
            )
            options.append(f"pre=[{', '.join(steps)}]")
        options += options_of_kind(lf)
        return options + ([] if lf.version is None else [f"version={lf.version!r}"])

    def _definition(self, function: FunctionType, name: str) -> str:
        """Return the definition of a function under a name, after what it uses."""
        self._in_progress[id(function)] = name
        try:
            node, lines = definition_of(function)
            if "__class__" in function.__code__.co_freevars:
                raise NotExportableError("it is a method that uses super(): make it a function")
            bound = {**self._bind_globals(function), **self._closure(function)}
            for module in submodules(node, function.__globals__):
                self._imports[f"import {module}"] = None
            defaults = {
                parameter: self._expressions.of(value, f"{name}_{parameter}")
                for parameter, value in default_values(function).items()
            }
        finally:
            del self._in_progress[id(function)]
        changed = changed_definition(node, name, defaults, bound, function.__doc__)
        return written(node, lines, name, changed)

    def _bind_globals(self, function: FunctionType) -> dict[str, str]:
        """Let the names that a function looks up mean what they mean to it.

        Returns:
            Keyword parameters for those names that mean something else in the module.
        """
        own: dict[str, Any] = cast(Any, function).__builtins__
        bound = {}
        for name in global_names(function.__code__):
            value = function.__globals__.get(name, own.get(name))
            is_pythons = value is getattr(builtins, name, None) and name not in function.__globals__
            if is_pythons or (value is None and name not in function.__globals__):
                continue
            try:
                self._bind(name, value)
            except NameTakenError:
                text = self._parameter(name, value)
                if text in (None, name):
                    raise
                bound[name] = text
        return {name: text for name, text in bound.items() if text is not None}

    def _closure(self, function: FunctionType) -> dict[str, str]:
        """Return the keyword parameters that stand for variables of the functions around."""
        bound = {}
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for variable, cell in cells:
            try:
                text = self._parameter(variable, cell.cell_contents)
            except ValueError:
                raise NotExportableError(f"its variable {variable!r} has no value yet") from None
            if text not in (None, variable):
                bound[variable] = str(text)
        return bound

    def _parameter(self, variable: str, value: Any) -> str | None:
        """Return the source of the value of a variable; `None` for a function that calls itself."""
        name = self._in_progress.get(id(value))
        if name is None:
            return self._expressions.of(value, variable)
        if name == variable:
            return None
        raise NotExportableError(
            f"the function {variable!r} calls itself, and its name means something else in the"
            " module: rename it"
        )

    def _bind(self, name: str, value: Any) -> None:
        """Let a name of the module mean a value.

        Raises:
            NotExportableError: the name means something else already.
        """
        if self._in_progress.get(id(value)) == name:
            return
        if name in self._names.bound:
            if self._names.bound[name] is value or self._is_equal(self._names.bound[name], value):
                return
            raise NameTakenError(
                f"the name {name!r} means two things in functions of different files or scopes:"
                " rename one of them"
            )
        if self._names.is_of_lf(name) and self._names.of_lf.get(id(value)) != name:
            raise NameTakenError(f"{name!r} is the name of a labeling function, too: rename it")
        self._names.bound[name] = value
        self._write_binding(name, value)

    def _is_equal(self, first: Any, second: Any) -> bool:
        """Whether two values are written alike."""
        texts = [self._expressions.plain(value) for value in (first, second)]
        return texts[0] is not None and texts[0] == texts[1]

    def _write_binding(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            self._imports[import_of_module(value, name)] = None
            return
        statement = import_of(value, name)
        if statement is not None:
            self._imports[statement] = None
        elif isinstance(value, FunctionType):
            self._statements.append(self._definition(value, name))
        elif isinstance(value, type):
            self._statements.append(self._class(value, name))
        else:
            text = self._expressions.of(value, name, is_binding=True)
            if text != name:
                self._statements.append(f"{name} = {text}\n")

    def _class(self, cls: type, name: str) -> str:
        text, names = class_source(cls)
        functions = [
            one
            for one in vars(cls).values()
            if isinstance(one, FunctionType) and one.__module__ == cls.__module__
        ]
        module = vars(sys.modules.get(cls.__module__, builtins))
        scope = functions[0].__globals__ if functions else module
        if name != cls.__name__:
            raise NotExportableError(f"the class {cls.__name__!r} is used as {name!r}: rename it")
        for used in sorted(names - {name}):
            if used in scope:
                self._bind(used, scope[used])
        return text

    def _reference(self, value: Any, name: str, is_binding: bool) -> str:
        """Return the source of a value that is no plain literal, after what it needs."""
        if isinstance(value, LabelingFunction):
            return self._labeling_function(value)
        if isinstance(getattr(value, "call", None), RecordedCall):
            return self._call(value.call)
        if isinstance(value, (ModuleType, FunctionType, type)):
            return self._named(value, name)
        statement = import_of(value, getattr(value, "__name__", name))
        if statement is not None:
            self._imports[statement] = None
            return str(value.__name__)
        return self._made(value, name) or self._large(value, name, is_binding)

    def _named(self, value: Any, name: str) -> str:
        """Return the name of a module, function or class, after its import or definition."""
        is_lambda = isinstance(value, FunctionType) and is_plain_lambda(value)
        if is_lambda and not self._bind_globals(value):
            return lambda_source(value)
        chosen = str(getattr(value, "__name__", name))
        chosen = chosen if chosen.isidentifier() else name
        if not isinstance(value, type) and import_of(value, chosen) is None:
            chosen = self._names.free_for(value, chosen)
        self._bind(chosen, value)
        return chosen

    def _made(self, value: Any, name: str) -> str | None:
        """Return the source of what is made by a call; `None` for other objects."""
        if isinstance(value, CachedPreprocessor):
            return self._preprocessor(value)
        if isinstance(value, LabelSchema):
            self._bind("LabelSchema", LabelSchema)
            options = ", ordered=True" if value.ordered else ""
            options += "" if value.kind == LabelKind.ONE else f", kind={value.kind.value!r}"
            return f"LabelSchema({value.labels!r}, {dict(value.descriptions)!r}{options})"
        if isinstance(value, functools.partial):
            return self._partial(value, name)
        if hasattr(value, "cache_parameters"):
            return self._cached_function(value, name)
        known = library_object(value, lambda part: self._expressions.of(part, name))
        if known is None:
            return None
        text, statement = known
        if statement:
            self._imports[statement] = None
        return text

    def _partial(self, value: functools.partial[Any], name: str) -> str:
        arguments = [self._expressions.of(each, name) for each in (value.func, *value.args)]
        options = [
            f"{key}={self._expressions.of(each, key)}" for key, each in value.keywords.items()
        ]
        self._imports["import functools"] = None
        return f"functools.partial({', '.join([*arguments, *options])})"

    def _labeling_function(self, lf: LabelingFunction) -> str:
        if id(lf) not in self._names.of_lf:
            raise NotExportableError(
                f"it uses the labeling function {lf.name!r}, which is not in the workbench: add it"
            )
        self.write(lf)
        return self._names.of_lf[id(lf)]

    def _call(self, call: RecordedCall, name: str | None = None) -> str:
        """Return the call of a ready-made kind or of an operator on conditions."""
        positional, keywords = list(call.positional), dict(call.keywords)
        if call.function in VALUES:
            with_lines_of_file(positional, keywords, VALUES[call.function])
        if name is not None and positional and call.function not in NAMED_BY_KEYWORD:
            positional[0] = name
        elif name is not None:
            keywords["name"] = name
        owner = call.function if name is None else name
        texts = [self._expressions.of(value, f"{as_word(owner)}_values") for value in positional]
        if call.function in _OPERATORS:
            return f"({texts[0]} {_OPERATORS[call.function]} {texts[1]})"
        if call.function == "__invert__":
            return f"~{texts[0]}"
        texts += [
            f"{key}={self._expressions.of(value, f'{as_word(owner)}_{key}')}"
            for key, value in keywords.items()
        ]
        if call.function == "on":
            return f"({texts[0]}).on({', '.join(texts[1:])})"
        self._bind(call.function, getattr(labeling.functions, call.function))
        return f"{call.function}({', '.join(texts)})"

    def _preprocessor(self, made: CachedPreprocessor) -> str:
        name = made.__name__
        if self._names.bound.get(name) is made:
            return name
        name = self._names.free_for(made, name)
        options = [f"reads={list(made.readers)!r}", f"cache={from_here(made.cache.path)!r}"]
        options += [] if made.version is None else [f"version={made.version!r}"]
        definition = self._definition(made.function, name)
        self._names.bound[name] = made
        self._bind("preprocessor", preprocessor)
        self._statements.append(f"@preprocessor({', '.join(options)})\n{definition}")
        return name

    def _cached_function(self, value: Any, name: str) -> str:
        parameters = value.cache_parameters()
        inner = self._expressions.of(value.__wrapped__, f"{name}_uncached")
        self._imports["import functools"] = None
        options = f"maxsize={parameters['maxsize']}, typed={parameters['typed']}"
        return f"functools.lru_cache({options})({inner})"

    def _large(self, value: Any, name: str, is_binding: bool) -> str:
        """Return the source of a long literal: a file of values beside the module."""
        text = self._expressions.plain(value)
        if text is None:
            raise NotExportableError(
                f"{name!r} is a {type(value).__name__}, which has no source form: give its content"
                " as a list, dict or text, or put what makes it into a module that can be imported"
            )
        call = self._files.call_for(value, name)
        if call is None or is_binding:
            return text if call is None else call
        constant = self._names.free_for(value, name.upper())
        if constant not in self._names.bound:
            self._names.bound[constant] = value
            self._statements.append(f"{constant} = {call}\n")
        return constant


def source_text(lf: LabelingFunction) -> str:
    """Return a labeling function as source, without what it uses; empty where it has none."""
    try:
        return ModuleWriter([lf]).write(lf)
    except NotExportableError:
        return ""
