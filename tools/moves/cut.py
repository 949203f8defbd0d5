"""Cuts named definitions out of one module and writes them as others, with the imports they use."""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Source:
    """A module as its top-level statements, each with its text and the comments before it."""

    path: Path
    text: str = ""
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        self.text = self.path.read_text()
        self.tree = ast.parse(self.text)
        self.lines = self.text.splitlines()

    def piece(self, node: ast.stmt) -> str:
        """Return the text of a statement, with its decorators and the comments right before it."""
        first, last = self.place(node)
        return "\n".join(self.lines[first:last])

    def place(self, node: ast.stmt) -> tuple[int, int]:
        """Return first line (from 0) and the line after the last."""
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)]) - 1
        while first and self.lines[first - 1].startswith("#"):
            first -= 1
        return first, node.end_lineno or node.lineno

    def body(self) -> list[ast.stmt]:
        """Return the statements that are neither docstring nor import."""
        return [one for one in self.tree.body if not _is_head(one)]

    def head(self) -> str:
        """Return the ruff comments and all imports."""
        notes = [line for line in self.lines if line.startswith("# ruff:")]
        return "\n".join([*notes, *(ast.unparse(one) for one in self.tree.body if _is_import(one))])

    def without(self, nodes: Iterable[ast.stmt]) -> str:
        """Return the text of the module less some statements."""
        gone = {line for node in nodes for line in range(*self.place(node))}
        return "\n".join(one for no, one in enumerate(self.lines) if no not in gone) + "\n"


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    )


def _is_head(node: ast.stmt) -> bool:
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return _is_import(node) or is_docstring


def name_of(node: ast.stmt) -> str:
    """Return the name that a statement defines, empty where it defines none or several."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def names_in(node: ast.AST) -> set[str]:
    """Return every name that a statement reads; annotations in quotes too."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.isidentifier():
            found.add(one.value)
    return found


def module(docstring: str, source: Source, nodes: Iterable[ast.stmt], more: Iterable[str]) -> str:
    """Return the text of a new module: unused imports are taken out later, by ruff."""
    pieces, before = "", None
    for node in nodes:
        pieces += _gap(before, node) + source.piece(node)
        before = node
    imports = "\n".join([source.head(), *more])
    return f'"""{docstring}"""\n\n{imports}\n\n\n{pieces}\n'


def _gap(before: ast.stmt | None, node: ast.stmt) -> str:
    """Return the blank lines between two statements: none between two that are no blocks."""
    if before is None:
        return ""
    blocks = (ast.FunctionDef, ast.ClassDef)
    return "\n\n\n" if isinstance(before, blocks) or isinstance(node, blocks) else "\n"


def reached(source: Source, start: Callable[[ast.stmt], bool]) -> set[str]:
    """Return the names of definitions that some statements need, through all that those need."""
    named = {name_of(one): one for one in source.body() if name_of(one)}
    todo = [one for one in source.body() if start(one)]
    found: set[str] = set()
    while todo:
        node = todo.pop()
        for name in (names_in(node) | {name_of(node)}) & named.keys() - found:
            found.add(name)
            todo.append(named[name])
    return found
