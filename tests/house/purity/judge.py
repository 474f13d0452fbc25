"""What the three judges share: names with their aliases resolved, and a list of what was found."""

import ast


def words(text: str) -> frozenset[str]:
    """A set of words, as light to read as to write."""
    return frozenset(text.split())


Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Judge(ast.NodeVisitor):
    """Walks a module and notes what it refuses, by line."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: set[tuple[int, str]] = set()
        self.aliases: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom):
                self.aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}

    def refuse(self, node: ast.stmt | ast.expr, what: str) -> None:
        """Note an offence."""
        self.found.add((node.lineno, what))

    def dotted(self, node: ast.expr) -> str:
        """The name that an expression goes by, aliases resolved; empty where it has none."""
        match node:
            case ast.Name(id=name):
                return self.aliases.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}" if base else ""
            case _:
                return ""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Every kind of function is judged alike."""
        self.function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Every kind of function is judged alike."""
        self.function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Every kind of function is judged alike."""
        self.function(node)

    def function(self, node: Function) -> None:
        """Judge a function; by itself, only what is in it."""
        self.generic_visit(node)
