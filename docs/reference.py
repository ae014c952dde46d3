"""Writes docs/api.md from docstrings and docs/config.md from the config's models: `make docs`.

Both hold what the code says and nothing else, so that the same code gives the same bytes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labeling as lb
from labeling import testing
from labeling.config import Config

FOLDER = Path(__file__).parent
NOTE = "<!-- Made by `make docs` from the code: change the docstrings there, not this file. -->\n"
SECTION = re.compile(r"(Args|Returns|Raises|Attributes|Yields|Source|Example|Examples):( .*)?")
ENTRY = re.compile(r"    ((?:\*{0,2}[\w.]+(?:, )?)+): (.*)")


def api() -> str:
    """Return the reference of the public names as Markdown."""
    parts = [
        "# API reference\n",
        NOTE,
        "Every public name of `import labeling as lb`. The names of `lb.behaviour`,"
        " `lb.distributed`, `lb.functions`, `lb.label_models`, `lb.plots`, `lb.query` and"
        " `lb.simulation` stand at the end, and with them the contract tests of"
        " `labeling.testing`.\n",
    ]
    rooms = [name for name in lb.__all__ if inspect.ismodule(getattr(lb, name))]
    for name in lb.__all__:
        if name not in rooms:
            parts += entry(f"lb.{name}", getattr(lb, name))
    for room in rooms:
        module = getattr(lb, room)
        parts.append(f"## lb.{room}\n")
        parts.append(markdown(module.__doc__ or ""))
        for name in module.__all__:
            found = getattr(module, name)
            if getattr(lb, name, None) is found:
                parts.append(f"`lb.{room}.{name}` is `lb.{name}`.\n")
            else:
                parts += entry(f"lb.{room}.{name}", found)
    parts.append(f"## labeling.testing\n\n{markdown(testing.__doc__ or '')}")
    for name in ("check_aggregator", "run_check"):
        parts += entry(f"labeling.testing.{name}", getattr(testing, name))
    return "\n".join(parts)


def entry(name: str, found: Any) -> list[str]:
    """Return what is said of a function, a class with its methods, or a value."""
    if inspect.isclass(found):
        return [*headed(f"## {name}", name, found), *members(name.rpartition(".")[2], found)]
    if callable(found):
        return headed(f"## {name}", name, found)
    return [f"## {name}\n", value(found)]


def value(found: Any) -> str:
    """Return what a constant is."""
    if isinstance(found, dict):
        return f"A mapping with the keys {', '.join(f'`{key}`' for key in found)}.\n"
    return f"`{found!r}`\n"


def headed(heading: str, name: str, found: Any) -> list[str]:
    """Return the heading, the signature and the docstring of a class or a function."""
    return [f"{heading}\n", *call(name, found), markdown(inspect.getdoc(found) or "")]


def members(name: str, found: type) -> Iterator[str]:
    """Yield the public methods and properties of a class, those of its bases in `labeling` too."""
    seen: set[str] = set()
    for kind in found.__mro__:
        if not kind.__module__.startswith("labeling"):
            continue
        for own, member in vars(kind).items():
            if own.startswith("_") or own in seen:
                continue
            seen.add(own)
            plain = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
            if isinstance(plain, property):
                yield f"### {name}.{own}\n"
                yield markdown(inspect.getdoc(plain) or "")
            elif inspect.isfunction(plain) and plain.__doc__:
                yield from headed(f"### {name}.{own}", f"{name}.{own}", getattr(found, own))


def call(name: str, found: Any) -> list[str]:
    """Return how a thing is called, as a block of code; nothing where Python does not know."""
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return []
    shown = [
        parameter
        for place, parameter in enumerate(signature.parameters.values())
        if not (place == 0 and parameter.name in ("self", "cls"))
    ]
    parts, arrow = list(parameters(shown)), ""
    if not inspect.isclass(found) and signature.return_annotation is not inspect.Signature.empty:
        arrow = f" -> {annotation(signature.return_annotation)}"
    text = f"{name}({', '.join(parts)}){arrow}"
    if len(text) > 100:
        text = f"{name}(\n    " + ",\n    ".join(parts) + f",\n){arrow}"
    return [f"```python\n{text}\n```\n"]


def parameters(shown: list[inspect.Parameter]) -> Iterator[str]:
    """Yield parameters as they are written in a signature, a bare star included."""
    starred = False
    for one in shown:
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            yield "*"
        starred |= one.kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_POSITIONAL)
        stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
        text = stars.get(one.kind, "") + one.name
        if one.annotation is not inspect.Parameter.empty:
            text += f": {annotation(one.annotation)}"
        if one.default is not inspect.Parameter.empty:
            text += f" = {default(one.default)}"
        yield text


def annotation(given: Any) -> str:
    """Return a type as the code has it, whether it was kept as a text or not."""
    return given if isinstance(given, str) else inspect.formatannotation(given)


def default(given: Any) -> str:
    """Return a default without the address that some objects have in their text."""
    return re.sub(r"<(?:function |class )?'?([\w.]+)'?[^>]*>", r"\1", repr(given))


def markdown(text: str) -> str:
    """Return a docstring as Markdown: its sections as lists, its examples as code."""
    lines = text.rstrip().splitlines()
    out: list[str] = []
    in_code = False
    for line in lines:
        starts = line.lstrip().startswith(">>> ")
        if starts and not in_code:
            out += ["", "```pycon"] if out and out[-1] else ["```pycon"]
        elif in_code and not line.strip():
            out.append("```")
        in_code = (in_code or starts) and bool(line.strip())
        out.append(line if in_code else listed(line))
    return "\n".join([*out, "```"] if in_code else out) + "\n"


def listed(line: str) -> str:
    """Return a line of a docstring, with headings in bold and entries as points of a list."""
    heading = SECTION.fullmatch(line)
    if heading:
        return f"**{heading[1]}:**{heading[2] or ''}" + ("" if heading[2] else "\n")
    found = ENTRY.fullmatch(line)
    if found:
        return f"- `{found[1]}`: {found[2]}"
    return re.sub(r"^ {8}(?=\S)", "  ", line)


def config() -> str:
    """Return the reference of the config's keys as Markdown."""
    schema = Config.model_json_schema(by_alias=True)
    parts = ["# Config reference\n", NOTE]
    parts.append(
        "A project is one YAML file; `labeling init` writes one with comments. Keys that are not"
        " here are an error that names the near one.\n"
    )
    parts += section("The file", schema)
    parts += sections_in(schema, schema["$defs"])
    return "\n".join(parts)


def sections_in(schema: dict[str, Any], definitions: dict[str, Any], path: str = "") -> list[str]:
    """Return the sections that are values of a section's keys, each with those in it."""
    parts = []
    for name, own in schema["properties"].items():
        values = own.get("additionalProperties")
        reference = referred(own) or (referred(values) if isinstance(values, dict) else "")
        if reference:
            inner = definitions[reference]
            heading = f"{path}{name}:" if referred(own) else f"{path}{name}: NAME:"
            parts += section(f"`{heading}`", inner)
            parts += sections_in(inner, definitions, f"{heading} ")
    return parts


def section(heading: str, schema: dict[str, Any]) -> list[str]:
    """Return a section's description and its keys as a table."""
    text = str(schema.get("description", "")).partition("\n\nAttributes:")[0]
    rows = ["| key | what it is | default |", "|---|---|---|"]
    for name, own in schema["properties"].items():
        if name == "root":
            continue
        given = "must be given" if name in schema.get("required", ()) else shown_default(own)
        rows.append(f"| `{name}` | {what(own)} | {given} |")
    return [f"## {heading}\n", f"{text}\n", "\n".join(rows) + "\n"]


def referred(schema: dict[str, Any]) -> str:
    """Return the name of the section that a key holds, or an empty text."""
    parts = (schema, *schema.get("anyOf", ()), *schema.get("allOf", ()))
    found = [part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part]
    return found[0] if found and found[0].endswith("Section") else ""


def what(schema: dict[str, Any]) -> str:
    """Return in words what a key may hold."""
    if referred(schema):
        return "a section, see below"
    if "anyOf" in schema:
        return " or ".join(what(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        return "a mapping `{from: row}` or `{from: content}`"
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "yes or no",
    }
    kind = words.get(schema.get("type", ""), schema.get("type", "anything"))
    if kind == "array":
        return f"list of {what(schema['items'])}s"
    if kind == "object":
        return f"mapping from text to {what(schema['additionalProperties'])}"
    bounds = (("minimum", "from"), ("exclusiveMinimum", "above"))
    bounds += (("maximum", "to"), ("exclusiveMaximum", "below"))
    limits = " ".join(f"{word} {schema[key]:g}" for key, word in bounds if key in schema)
    return f"{kind} {limits}".rstrip()


def shown_default(schema: dict[str, Any]) -> str:
    """Return what holds where a key is not given."""
    given = schema.get("default")
    if given is None or given == "" or isinstance(given, dict):
        return "none" if not isinstance(given, dict) else "see below"
    if isinstance(given, bool):
        return f"`{str(given).lower()}`"
    return f"`{given}`"


PAGES = {"api.md": api, "config.md": config}


def main() -> None:
    """Write both pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
