"""Which source code may be proposed: a small part of Python that can neither reach nor block much.

What is not listed here is refused. So are loops (but one comprehension over the parts of a text),
assignments within expressions, formatting of texts, powers, and products but with a decimal number:
they can reach objects, or fill the memory.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from labeling.errors import quoted
from labeling.notebook.suggestions.building import IMPORTED, MODULES

LONGEST = 4_000
"""Characters of a proposal."""
LONGEST_TEXT, LARGEST, MOST_SUMS, DEEPEST = 500, 1e9, 8, 40

# fmt: off
FUNCTIONS = frozenset(
    {
        "abs", "all", "any", "bool", "float", "int", "len", "max", "min", "round", "set",
        "sorted", "str", "sum",
    }
)
METHODS = frozenset(
    {
        "casefold", "count", "day", "endswith", "find", "findall", "fromisoformat", "fullmatch",
        "group", "groups", "hour", "isalnum", "isalpha", "isdigit", "islower", "isnumeric",
        "isspace", "istitle", "isupper", "lower", "lstrip", "match", "month", "rstrip",
        "search", "split", "splitlines", "startswith", "strip", "title", "upper", "year",
    }
)
# fmt: on
OF_MODULES = {
    "re": {"search", "match", "fullmatch", "findall", "IGNORECASE", "I", "MULTILINE", "DOTALL"},
    "math": {"sqrt", "floor", "ceil", "log", "log10", "isnan", "inf", "pi", "fabs"},
    "string": {"punctuation", "digits", "ascii_letters", "ascii_lowercase", "ascii_uppercase"},
    "datetime": {"date", "datetime", "fromisoformat"},
    "unicodedata": {"category", "name"},
}
# fmt: off
NODES = (
    ast.If, ast.Return, ast.Assign, ast.Expr, ast.Pass, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp,
    ast.Not, ast.USub, ast.IfExp, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt,
    ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.FloorDiv, ast.BitOr, ast.Call, ast.keyword, ast.Attribute, ast.Subscript, ast.Slice,
    ast.Name, ast.Constant, ast.Load, ast.Store, ast.List, ast.Tuple, ast.Set, ast.GeneratorExp,
    ast.ListComp, ast.SetComp, ast.comprehension,
)
# fmt: on
"""What the body of a function may consist of."""


class Refused(Exception):  # it is caught here, and shown as a reason
    """Why a proposal is refused."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A proposal that may be shown to a person to accept.

    Attributes:
        name: of the labeling function.
        label: the label it votes for; `None` where the function returns labels.
        source: the definition alone, without imports.
        node: the definition.
    """

    name: str
    label: str | int | None
    source: str
    node: ast.FunctionDef | ast.Assign


def checked(source: object) -> Checked:
    """Return a proposal after checking that it is within the allow-list; nothing is run.

    It must be one function below `@labeling_function(label=...)`, or a call such as
    `name = keywords("name", [...], label="spam")` with literals as arguments.

    Raises:
        Refused: it is not, with the reason.

    >>> checked("def f(x):\\n    return x.text.__class__")
    Traceback (most recent call last):
    ...
    labeling.notebook.suggestions.allow_list.Refused: line 2: names must not start with an \
underscore. Got '__class__'.
    """
    if not isinstance(source, str):
        raise Refused(f"it must be source code as a text. Got {type(source).__name__}.")
    if len(source) > LONGEST:
        raise Refused(f"it must have at most {LONGEST:,} characters. Got {len(source):,}.")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"it must be valid Python. Got: {error}.") from None
    kept = [node for node in tree.body if not _is_import(node) and not _is_text(node)]
    if len(kept) != 1 or not isinstance(kept[0], (ast.FunctionDef, ast.Assign)):
        raise Refused("it must define one labeling function, and nothing else but imports.")
    node = kept[0]
    name, label = _function(node) if isinstance(node, ast.FunctionDef) else _call(node)
    if name in {*FUNCTIONS, *MODULES, *IMPORTED, "ABSTAIN", "x"}:
        raise Refused(f"it must have a name of its own. Got {name!r}.")
    source = ast.unparse(node)
    if isinstance(node, ast.FunctionDef) and not node.decorator_list:
        source = f"@labeling_function\n{source}"
    return Checked(name, label, source, node)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_import(node: ast.stmt) -> bool:
    """Return whether a statement is an import that is allowed."""
    if isinstance(node, ast.Import):
        wrong = [a.name for a in node.names if a.name not in MODULES or a.asname is not None]
    elif isinstance(node, ast.ImportFrom):
        is_ours = node.module in ("labeling", "labeling.functions") and not node.level
        known = {*IMPORTED, "ABSTAIN"} if is_ours else set()
        wrong = [a.name for a in node.names if a.name not in known or a.asname is not None]
    else:
        return False
    if wrong:
        raise Refused(
            f"line {node.lineno}: only {', '.join(MODULES)} and the kinds of labeling.functions may"
            f" be imported, by their own names. Got {quoted(wrong[0])}."
        )
    return True


def _call(node: ast.Assign) -> tuple[str, str | int | None]:
    """Check a call of a ready-made kind with literals."""
    call, target = node.value, node.targets[0]
    is_call = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    if len(node.targets) != 1 or not isinstance(target, ast.Name) or not is_call:
        raise Refused("it must assign a call of keywords, regex or lookup to a name.")
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    if call.func.id not in ("keywords", "lookup", "regex"):
        raise Refused(f"it must call keywords, regex or lookup. Got {quoted(call.func.id)}.")
    _refuse_private(target.id, node)
    words = {}
    for place, value in [
        *enumerate(call.args),
        *((each.arg, each.value) for each in call.keywords),
    ]:
        words[place] = _literal(value)
    if None in words or words.get(0, words.get("name")) != target.id:
        raise Refused(f"its first argument must be its own name, {target.id!r}.")
    if call.func.id == "lookup" and isinstance(words.get(1, words.get("values")), str):
        raise Refused("the values of a lookup must be listed: a proposal reads no files.")
    label = words.get("label")
    return target.id, label if isinstance(label, (str, int)) else None


def _literal(node: ast.expr) -> object:
    """Return the value of a literal, or of flags such as `re.IGNORECASE`."""
    if ast.unparse(node) in ("re.IGNORECASE", "re.I"):
        return 2
    for each in ast.walk(node):
        _refuse_large(each)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise Refused(f"arguments must be literals. Got {quoted(ast.unparse(node))}.") from None


def _function(node: ast.FunctionDef) -> tuple[str, str | int | None]:
    """Check a function and its decorator."""
    given = node.args
    if len(given.args) != 1 or any(
        (given.posonlyargs, given.vararg, given.kwonlyargs, given.kwarg, given.defaults)
    ):
        raise Refused("the function must take one argument, the sample.")
    if node.returns is not None or given.args[0].annotation is not None:
        raise Refused("the function must have no annotations: Python would evaluate them.")
    if getattr(node, "type_params", None):
        raise Refused("the function must have no type parameters.")
    _refuse_private(node.name, node)
    label = _decorated(node.decorator_list)
    _Body(given.args[0].arg, node).check()
    return node.name, label


def _decorated(decorators: list[ast.expr]) -> str | int | None:
    if not decorators:
        return None
    decorator = decorators[0]
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    words = decorator.keywords if isinstance(decorator, ast.Call) else []
    is_ours = isinstance(called, ast.Name) and called.id == "labeling_function"
    is_plain = not (isinstance(decorator, ast.Call) and decorator.args)
    if len(decorators) > 1 or not is_ours or not is_plain or any(w.arg != "label" for w in words):
        raise Refused("the only decorator may be @labeling_function(label=...).")
    label = _literal(words[0].value) if words else None
    return label if isinstance(label, (str, int)) else None


class _Body:
    """The body of a function, checked node by node."""

    def __init__(self, sample: str, node: ast.FunctionDef) -> None:
        self.sample, self.node = sample, node
        nodes = [each for statement in node.body for each in ast.walk(statement)]
        stored = {
            each.id
            for each in nodes
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        taken = sorted(stored & {*FUNCTIONS, *MODULES, *IMPORTED, sample})
        if taken:
            raise Refused(f"it must not give another meaning to {taken[0]!r}.")
        self.nodes, self.known = nodes, stored | FUNCTIONS | {sample, "ABSTAIN"}

    def check(self) -> None:
        """Raise `Refused` for the first part that is not allowed."""
        for node in self.nodes:
            if not isinstance(node, NODES):
                raise Refused(f"{_at(node)}{type(node).__name__} is not allowed.")
            _refuse_large(node)
            self.check_names(node)
            self.check_operators(node)
        sums = sum(isinstance(node, ast.Add) for node in self.nodes)
        if sums > MOST_SUMS:
            raise Refused(f"it must add at most {MOST_SUMS} times. Got {sums}.")
        loops = [node for node in self.nodes if isinstance(node, _LOOPS)]
        if len(loops) > 2 or any(map(_has_loop, loops)):
            raise Refused("it must have at most two comprehensions, none inside another.")
        if any(len(each.generators) > 1 for each in loops):
            raise Refused("a comprehension must have one `for`.")
        if _depth(self.node) > DEEPEST:
            raise Refused(f"it must not be nested deeper than {DEEPEST}.")

    def check_names(self, node: ast.AST) -> None:
        """Refuse names and attributes that are not listed."""
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            raise Refused(f"{_at(node)}values may be assigned to names only.")
        if isinstance(node, ast.Attribute):
            _refuse_private(node.attr, node)
            owner = node.value.id if isinstance(node.value, ast.Name) else None
            if owner == self.sample:
                return
            if node.attr not in OF_MODULES.get(owner or "", METHODS):
                raise Refused(f"{_at(node)}`.{node.attr}` is not allowed.")
        elif isinstance(node, ast.Name):
            _refuse_private(node.id, node)
            if node.id not in self.known and node.id not in MODULES:
                raise Refused(f"{_at(node)}the name {quoted(node.id)} is not allowed.")
        elif isinstance(node, ast.keyword) and node.arg not in ("flags", "key", "default"):
            raise Refused(f"{_at(node)}the argument {quoted(node.arg)} is not allowed.")

    def check_operators(self, node: ast.AST) -> None:
        """Refuse products of texts and calls of what is computed."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            sides = (node.left, node.right)
            if not any(isinstance(s, ast.Constant) and isinstance(s.value, float) for s in sides):
                raise Refused(f"{_at(node)}a product must have a decimal number, such as 0.5.")
        if isinstance(node, ast.Call) and not isinstance(node.func, (ast.Name, ast.Attribute)):
            raise Refused(f"{_at(node)}only functions and methods may be called.")
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and ast.unparse(called.value) == self.sample:
            raise Refused(f"{_at(node)}a value of the sample must not be called.")
        if isinstance(called, ast.Name) and called.id not in FUNCTIONS:
            raise Refused(f"{_at(node)}{quoted(called.id)} must not be called.")


_LOOPS = (ast.GeneratorExp, ast.ListComp, ast.SetComp)


def _has_loop(loop: ast.AST) -> bool:
    return any(isinstance(each, _LOOPS) for each in ast.walk(loop) if each is not loop)


def _refuse_private(name: str, node: ast.AST) -> None:
    if name.startswith("_"):
        raise Refused(f"{_at(node)}names must not start with an underscore. Got {quoted(name)}.")


def _refuse_large(node: ast.AST) -> None:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, (int, float)) and abs(value) > LARGEST:
        raise Refused(f"{_at(node)}numbers must be at most {LARGEST:,.0f}.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise Refused(f"{_at(node)}texts must have at most {LONGEST_TEXT} characters.")
    if isinstance(value, (bytes, complex)) or value is ...:
        raise Refused(f"{_at(node)}{type(value).__name__} is not allowed.")


def _at(node: ast.AST) -> str:
    line = getattr(node, "lineno", None)
    return "" if line is None else f"line {line}: "


def _depth(node: ast.AST) -> int:
    return 1 + max(map(_depth, ast.iter_child_nodes(node)), default=0)
