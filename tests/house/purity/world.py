"""The world: imports, clocks, dice, files, the process itself."""

import ast
import re

from tests.house.purity.judge import Judge, words

ALLOWED = words(
    "__future__ base64 bisect collections contextlib copy dataclasses datetime decimal difflib enum functools graphlib "
    "hashlib heapq itertools json math operator re string textwrap types typing unicodedata "
    "annotated_types binascii cryptography pydantic pydantic_core rfc8785 tidegate typing_extensions"
)
# Doors to the world that an allowed module may leave open, as `typing.sys` does.
DOORS = words("builtins codecs environ getenv os sys time_ns urandom uuid1 uuid4")
# Types of pydantic that look at the clock, the disk or the import system while they validate.
WORLDLY_TYPES = words(
    "DirectoryPath FilePath FutureDate FutureDatetime ImportString NewPath PastDate PastDatetime SocketPath"
)
# Ruff keeps anyone from shadowing a builtin (A001, A002, A004), so each of these names is the builtin.
BUILTINS = words("__builtins__ __file__ __import__ breakpoint eval exec globals hash id input open print")
# What whoever ran before in this process may have changed.
AMBIENT = words("decimal.DefaultContext decimal.getcontext decimal.setcontext")
CLOCKS = words("now today utcfromtimestamp utcnow")
CACHES = words("functools.cache functools.lru_cache")
PURE_CACHE = re.compile(r"# pure cache: \S")


class World(Judge):
    """Refuses whatever could see or touch something outside of the arguments."""

    def __init__(self, tree: ast.Module, source: str) -> None:
        super().__init__(tree)
        self.lines = source.splitlines()

    def visit_Import(self, node: ast.Import) -> None:
        """Only what is on the list is imported."""
        for alias in node.names:
            self._imports(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Only what is on the list is imported, and no door from it."""
        if not node.level:  # a relative import stays in tidegate
            self._imports(node, node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.refuse(node, "imports *, which hides what it brings")
            elif alias.name in DOORS | WORLDLY_TYPES:
                self.refuse(node, f"imports {alias.name}, a door to the world")

    def _imports(self, node: ast.stmt, module: str) -> None:
        if module.partition(".")[0] not in ALLOWED:
            self.refuse(node, f"imports {module}, which is not on the list of floor 0")

    def visit_Name(self, node: ast.Name) -> None:
        """No builtin that differs by process or touches the world is used, called or not."""
        if isinstance(node.ctx, ast.Load):
            if node.id in BUILTINS:
                self.refuse(node, f"uses {node.id}, which differs by process or touches the world")
            self._uses(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """No clock is read and no door is opened, called or not."""
        if node.attr in DOORS | WORLDLY_TYPES:
            self.refuse(node, f"uses .{node.attr}, a door to the world")
        if node.attr in CLOCKS and self.dotted(node.value).startswith("datetime"):
            self.refuse(node, f"reads the clock by .{node.attr}")
        self._uses(node)
        self.generic_visit(node)

    def _uses(self, node: ast.Name | ast.Attribute) -> None:
        path = self.dotted(node)
        if path in AMBIENT:
            self.refuse(node, f"uses {path}, which whoever ran before may have changed")
        if path in CACHES and not PURE_CACHE.search(self.lines[node.lineno - 1]):
            self.refuse(node, f"uses {path} without `# pure cache:` and a reason on the line")

    def visit_Call(self, node: ast.Call) -> None:
        """No call reads a clock or the time zone of this machine."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        arguments = len(node.args) + len(node.keywords)
        if method in CLOCKS:
            self.refuse(node, f"reads the clock by .{method}")
        if (method, arguments) in {("fromtimestamp", 1), ("astimezone", 0)}:
            self.refuse(node, f"calls {method} without a time zone, so with that of this machine")
        if self.dotted(node.func) == "getattr":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and argument.value in CLOCKS | DOORS:
                    self.refuse(node, f"reaches for {argument.value} by getattr")
        self.generic_visit(node)
