"""The house style that a tool can measure: names, sizes, signatures, and no circular imports."""

import ast
import functools
import io
import tokenize
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "labeling"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
ROOMS = sorted({path.relative_to(PACKAGE).parts[0] for path in FILES})

# A name says what a value is; these do not, and a few of them in a thousand lines do no harm.
PRONOUNS = {"one", "own", "found", "said", "its", "some", "there", "about", "told", "every"}
MOST_PRONOUNS = 30  # in 1,000 lines
LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 40  # lines, without its docstring
MOST_PARAMETERS = 8
# Calls and commands of users, whose parameters and options are documented and fixed.
PUBLIC_CALLS = {
    "labeling/__init__.py": {"apply"},
    "labeling/adjudication/reviewing.py": {"review"},
    "labeling/cli/importing.py": {"import_files"},
    "labeling/cli/init.py": {"init"},
    "labeling/cli/simulating.py": {"simulate"},
    "labeling/datasets/building.py": {"build_training_set"},
    "labeling/datasets/splits/leaks.py": {"find_leaks"},
    "labeling/datasets/splits/splitting.py": {"split"},
    "labeling/distributed/applying.py": {"apply_partitions"},
    "labeling/distributed/exporting.py": {"export_training_set"},
    "labeling/engine/applier.py": {"apply_to_frame", "apply_to_stream"},  # take what `apply` takes
    "labeling/functions/services.py": {"service"},
    "labeling/label_files/platform.py": {"LabelFiles"},
    "labeling/label_studio/platform.py": {"LabelStudio"},
    "labeling/records/set_votes.py": {"from_frame"},
    "labeling/records/span_votes.py": {"from_frame"},
    "labeling/project/people_verbs.py": {"import_annotations"},
    "labeling/records/labeling_function.py": {"LabelingFunction"},
    "labeling/query/selection.py": {"select"},
    "labeling/simulation/grid.py": {"simulate"},
}


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


def named(path):
    return path.relative_to(ROOT).as_posix()


def is_function(node):
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def functions():
    """Yield (file, name, node) of each function; an `__init__` is called as its class."""
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            for child in ast.iter_child_nodes(node):
                if is_function(child):
                    is_init = child.name == "__init__" and isinstance(node, ast.ClassDef)
                    yield named(path), node.name if is_init else child.name, child


def is_public(file, name):
    return name in PUBLIC_CALLS.get(file, ())


def length(file, name, function):
    """Return a function's lines without its docstring; of a public call, without its signature."""
    first = function.body[0]
    begin = first.lineno if is_public(file, name) else function.lineno
    lines = function.end_lineno - begin + 1
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= first.end_lineno - first.lineno + 1
    return lines


def parameters(function):
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def test_no_file_is_too_long():
    lines = {named(path): len(path.read_text("utf-8").splitlines()) for path in FILES}

    assert {} == {name: count for name, count in lines.items() if count > LONGEST_FILE}


def test_no_function_is_too_long():
    too_long = {
        f"{file}: {name}": length(file, name, function)
        for file, name, function in functions()
        if length(file, name, function) > LONGEST_FUNCTION
    }

    assert {} == too_long


def test_only_public_calls_have_many_parameters():
    many = {
        f"{file}: {name}": len(parameters(function))
        for file, name, function in functions()
        if len(parameters(function)) > MOST_PARAMETERS and name not in PUBLIC_CALLS.get(file, ())
    }

    assert {} == many


@pytest.mark.parametrize("room", ROOMS)
def test_names_are_nouns_of_the_field(room):
    """Few of a room's names are pronouns, participles and adverbs that could mean anything."""
    lines, names = 0, Counter()
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0] == room:
            text = path.read_text("utf-8")
            lines += text.count("\n")
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            names.update(token.string for token in tokens if token.type == tokenize.NAME)
    used = {name: names[name] for name in PRONOUNS if names[name]}

    assert 1000 * sum(used.values()) <= MOST_PRONOUNS * lines, used


def is_splatted_literal(node):
    """Whether a literal is unpacked where its parts could stand: `*(a, b)` or `**{"a": b}`."""
    if isinstance(node, ast.Starred):
        return isinstance(node.value, ast.Tuple | ast.List)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return any(key is None and isinstance(value, ast.Dict) for key, value in pairs)
    if isinstance(node, ast.Call):
        return any(word.arg is None and has_constant_keys(word.value) for word in node.keywords)
    return False


def has_constant_keys(node):
    return isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys)


def test_no_literal_is_unpacked_where_its_parts_could_stand():
    unpacked = [
        f"{named(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if is_splatted_literal(node)
    ]

    assert [] == unpacked


def test_no_platform_is_asked_what_it_is():
    """What platforms differ in is a method of `AnnotationPlatform`, which mypy sees."""
    probes = [
        f"{named(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "hasattr", "isinstance")
        and ast.unparse(node.args[0]).lower().endswith(("platform", "platform()"))
    ]

    assert [] == probes


def modules():
    """Return each module's name and its file."""
    found = {}
    for path in FILES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(tree):
    """Yield the modules and names that a file imports, in functions too, but not just for types."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        todo += ast.iter_child_nodes(node)


def import_graph():
    """Return for each module those of the same room that it imports."""
    known = modules()
    graph = {}
    for name, path in known.items():
        room = name.split(".")[:2]
        targets = {
            target if target in known else target.rpartition(".")[0]
            for target in imports(tree_of(path))
        }
        graph[name] = {one for one in targets & set(known) if one.split(".")[:2] == room} - {name}
    return graph


def on_a_circle(graph):
    """Return the modules that import themselves by way of others."""

    def reached(start):
        seen, todo = set(), [start]
        while todo:
            for target in graph[todo.pop()] - seen:
                seen.add(target)
                todo.append(target)
        return seen

    return sorted(name for name in graph if name in reached(name))


def test_no_module_imports_itself_by_way_of_others():
    assert [] == on_a_circle(import_graph())


def test_a_circle_is_found():
    """What this module relies on."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}
    tree = ast.parse("import labeling.x\ndef f():\n    from labeling.y import z\n")
    only_types = ast.parse("if TYPE_CHECKING:\n    import labeling.x\n")

    assert ["b", "c"] == on_a_circle(graph)
    assert {"labeling.x", "labeling.y.z"} == set(imports(tree))
    assert [] == list(imports(only_types))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("f(*(a, b))", 1),
        ("f(*[a])", 1),
        ("f(**{'a': b})", 1),
        ("{**{'a': 1}}", 1),
        ("f(*a)", 0),
        ("f(**a)", 0),
        ("f(**{a: b})", 0),
        ("{**a}", 0),
        ("[*a, b]", 0),
    ],
)
def test_an_unpacked_literal_is_found(code, expected):
    assert expected == sum(map(is_splatted_literal, ast.walk(ast.parse(code))))
