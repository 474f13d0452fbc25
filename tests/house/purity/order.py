"""Order: a set is walked differently in every process, because the hash of a string is."""

import ast

from tests.house.purity.judge import Comprehension, Function, Judge, words

SET_TYPES = words(
    "collections.abc.MutableSet collections.abc.Set frozenset set typing.AbstractSet typing.FrozenSet typing.Set"
)
WRAPPERS = words("typing.Annotated typing.Final typing.Optional")
SET_METHODS = words("difference intersection symmetric_difference union")
SET_OPERATORS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)
# Calls whose answer shows in which order a set was walked.
ORDERED_CALLS = words("dict.fromkeys enumerate filter iter itertools.chain list map repr str tuple zip")
ORDERED_METHODS = words("extend from_iterable join")
# Calls whose answer has no order, or a new one.
ORDERLESS_CALLS = words("all any frozenset len set sorted sum")
# With a key, the first of two equals wins, so the order shows.
FIRST_OF_EQUALS = words("max min")


class Order(Judge):
    """Refuses to walk what is plainly a set, unless `sorted` stands between, and to write a set into a word."""

    def __init__(self, tree: ast.Module) -> None:
        super().__init__(tree)
        self.sets: set[str] = set()  # the names that are sets where we are
        for statement in tree.body:  # a function may use a constant that stands below it
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._bind(statement)

    def _walks(self, node: ast.stmt | ast.expr, *walked: ast.expr) -> None:
        for expression in walked:
            if self._is_set(expression):
                self.refuse(node, f"walks the set {ast.unparse(expression)} in no fixed order; sort it")

    def visit_For(self, node: ast.For) -> None:
        """A loop has an order."""
        self._walks(node, node.iter)
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        """A generator has an order."""
        self._walks(node, node.value)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        """Unpacking has an order, except into a set."""
        self._walks(node, node.value)
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        """One set unpacked into another loses no order."""
        for element in node.elts:
            self.visit(element.value if isinstance(element, ast.Starred) else element)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        """A sentence has an order."""
        self._walks(node, node.value)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """A list has an order."""
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """A dict has an order: that of its making."""
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """A generator has an order."""
        self._comprehension(node)

    def _comprehension(self, node: Comprehension) -> None:
        self._walks(node, *(part.iter for part in node.generators))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """What a call makes of a set may show its order."""
        path = self.dotted(node.func)
        by_key = path in FIRST_OF_EQUALS and any(keyword.arg == "key" for keyword in node.keywords)
        if path in ORDERED_CALLS or by_key:
            self._walks(node, *node.args)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ORDERED_METHODS:
                self._walks(node, *node.args)
            if node.func.attr == "pop":
                self._walks(node, node.func.value)
        orderless = path in ORDERLESS_CALLS or (path in FIRST_OF_EQUALS and not by_key)
        for part in (node.func, *node.args, *(keyword.value for keyword in node.keywords)):
            if orderless and isinstance(part, ast.GeneratorExp | ast.ListComp):
                self.generic_visit(part)
            else:
                self.visit(part)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Unpacking into names has an order; a name that takes a set is one from here on."""
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self._walks(node, node.value)
        self.generic_visit(node)
        self._bind(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """A name that is said to be a set is one from here on."""
        self.generic_visit(node)
        self._bind(node)

    def _bind(self, node: ast.Assign | ast.AnnAssign) -> None:
        if isinstance(node, ast.Assign):
            names, is_set = node.targets, self._is_set(node.value)
        else:
            names, is_set = [node.target], self._is_set_type(node.annotation)
        bound = {name.id for name in names if isinstance(name, ast.Name)}
        self.sets = self.sets | bound if is_set else self.sets - bound

    def function(self, node: Function) -> None:
        """A parameter that is said to be a set is one, and names bound inside stay inside."""
        outside = self.sets
        for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            is_set = parameter.annotation is not None and self._is_set_type(parameter.annotation)
            self.sets = self.sets | {parameter.arg} if is_set else self.sets - {parameter.arg}
        self.generic_visit(node)
        self.sets = outside

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A field that is a set would be written in another order by every process, and so sealed by another digest."""
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and self._is_set_type(statement.annotation):
                self.refuse(statement, f"has a field that is a set, {ast.unparse(statement)}; keep a sorted tuple")
        outside = self.sets
        self.generic_visit(node)
        self.sets = outside

    def _is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name(id=name):
                return name in self.sets
            case ast.Call(func=ast.Attribute(attr=method, value=base)):
                return method in SET_METHODS or (method == "copy" and self._is_set(base))
            case ast.Call(func=func):
                return self.dotted(func) in {"frozenset", "set"}
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, SET_OPERATORS):
                return any(self._is_set(side) or _is_keys(side) for side in (left, right))
            case ast.IfExp(body=one, orelse=other):
                return self._is_set(one) or self._is_set(other)
            case ast.NamedExpr(value=value):
                return self._is_set(value)
            case _:
                return False

    def _is_set_type(self, node: ast.expr) -> bool:
        match node:
            case ast.Subscript(value=wrapper, slice=inner) if self.dotted(wrapper) in WRAPPERS:
                return self._is_set_type(inner.elts[0] if isinstance(inner, ast.Tuple) else inner)
            case ast.Subscript(value=value):
                return self._is_set_type(value)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._is_set_type(left) or self._is_set_type(right)
            case _:
                return self.dotted(node) in SET_TYPES


def _is_keys(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"items", "keys"}
