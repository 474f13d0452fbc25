"""Memory: what one call could leave behind for the next."""

import ast
from collections.abc import Iterator

from tests.house.purity.judge import Function, Judge, words

FREEZERS = words("frozenset tuple types.MappingProxyType")
MUTABLE_CALLS = words(
    "bytearray collections.ChainMap collections.Counter collections.OrderedDict collections.UserDict "
    "collections.UserList collections.defaultdict collections.deque dict dict.fromkeys enumerate filter iter list map "
    "reversed set sorted types.SimpleNamespace zip"
)
MUTABLE_METHODS = words("findall finditer rsplit split splitlines")
MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)


class Memory(Judge):
    """Refuses globals, class attributes and defaults that can change, and whoever changes what a module shares."""

    def __init__(self, tree: ast.Module) -> None:
        super().__init__(tree)
        self.shared = {name for statement in tree.body for name in _bindings(statement)}
        self.inside = False  # a function or a class: what is bound there is no global

    def visit_Global(self, node: ast.Global) -> None:
        """Nobody rebinds a global."""
        self.refuse(node, f"changes the global {', '.join(node.names)}")

    def function(self, node: Function) -> None:
        """A default is made once and lives as long as its function."""
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None and _is_mutable(self, default):
                self.refuse(default, "has a default that one call can change for the next")
        self._enter(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """What stands on a class is shared, except the defaults of fields, which pydantic copies."""
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign):
                bound = statement.value if "ClassVar" in ast.unparse(statement.annotation) else None
            else:
                bound = statement.value if isinstance(statement, ast.Assign) else None
            if bound is not None and _is_mutable(self, bound):
                self.refuse(statement, "keeps something that can change on a class; freeze it")
        self._enter(node)

    def _enter(self, node: Function | ast.ClassDef) -> None:
        outside, self.inside = self.inside, True
        self.generic_visit(node)
        self.inside = outside

    def visit_Assign(self, node: ast.Assign) -> None:
        """See `_bind`."""
        self._bind(node, node.value, *node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """See `_bind`."""
        self._bind(node, node.value, node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """See `_bind`."""
        self._bind(node, node.value, node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """See `_bind`."""
        self._bind(node, node.value, node.target)

    def _bind(self, node: ast.stmt | ast.expr, value: ast.expr | None, *targets: ast.expr) -> None:
        if not self.inside and value is not None and _is_mutable(self, value):
            self.refuse(node, "keeps something that can change at module level; freeze it")
        for target in targets:
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if root is not target and isinstance(root, ast.Name) and root.id in self.shared:
                self.refuse(node, f"changes {root.id}, which the whole module shares")
        self.generic_visit(node)


def _is_mutable(judge: Judge, node: ast.expr) -> bool:
    """Whether an expression plainly makes something that can change, however deep inside."""
    match node:
        case ast.Call(func=func, args=args) if judge.dotted(func) in FREEZERS:
            parts = [part for argument in args for part in _held(argument)]
        case ast.Call(func=func):
            path, method = judge.dotted(func), func.attr if isinstance(func, ast.Attribute) else ""
            return path in MUTABLE_CALLS or path.startswith("itertools.") or method in MUTABLE_METHODS
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            pass
        case ast.BinOp(left=one, right=other) | ast.IfExp(body=one, orelse=other):
            parts = [one, other]
        case ast.Starred(value=value) | ast.NamedExpr(value=value):
            parts = [value]
        case _:
            return isinstance(node, MUTABLE_DISPLAYS)
    return any(_is_mutable(judge, part) for part in parts)


def _held(argument: ast.expr) -> Iterator[ast.expr]:
    """What is left to judge once the outermost container is frozen: what it holds, as far as the syntax shows it."""
    match argument:
        case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            yield from parts
        case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.GeneratorExp(elt=part) | ast.DictComp(value=part):
            yield part
        case ast.BinOp(left=left, right=right):
            yield from (*_held(left), *_held(right))
        case _:
            return


def _bindings(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at module level binds."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case _:
            yield from (n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
