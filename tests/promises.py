"""Writes `docs/why/promises.md`: each promise with the tests that hold it, read from their markers.

A test carries `@pytest.mark.promise("...")`; a module whose tests hold one promise together says
`pytestmark = pytest.mark.promise("...")`. The files are parsed, never imported, so the list costs a
second and needs no server. Which tests run when belongs to the marker `long`, not here.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "why" / "promises.md"
HEAD = """# Promises, and the tests that hold them

Written by `make promises` from the markers in the tests; `make check` fails when it is not current.
A test named with *(long)* runs in `make test-long`, every other one in `make test`.
"""


@dataclass(frozen=True, order=True)
class Holder:
    """One test, or one module of tests, that holds a promise."""

    path: str
    test: str
    is_long: bool

    def __str__(self) -> str:
        name = f"`{self.path}::{self.test}`" if self.test else f"`{self.path}`"
        return f"{name} *(long)*" if self.is_long else name


def test_files() -> list[Path]:
    """Every file of tests, benchmarks left out: they print figures and promise nothing."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [path for path in found if "benchmarks" not in path.parts]


def read_promises(paths: list[Path]) -> dict[str, list[Holder]]:
    """Return the holders of each promise, in the order of the files."""
    promises: dict[str, list[Holder]] = defaultdict(list)
    for path in paths:
        for promise, holder in _of_file(path):
            promises[promise].append(holder)
    return dict(promises)


def render(promises: dict[str, list[Holder]]) -> str:
    """Return the page: a section per folder of tests, a line per promise."""
    folders: dict[str, list[str]] = defaultdict(list)
    for promise, holders in promises.items():
        folder = holders[0].path.split("/")[1]
        folders[folder].append(f"- {promise}\n  {', '.join(map(str, holders))}")
    sections = [f"## {name}\n\n" + "\n".join(lines) for name, lines in folders.items()]
    return HEAD + f"\n{len(promises)} promises.\n\n" + "\n\n".join(sections) + "\n"


def _of_file(path: Path) -> Iterator[tuple[str, Holder]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(ROOT).as_posix()
    named = _constants(tree)
    of_module = [mark for node in tree.body for mark in _module_marks(node)]
    whole_is_long = any(_is_long(mark) for mark in of_module)
    for mark in of_module:
        for promise in _promise(mark, named):
            yield promise, Holder(name, "", whole_is_long)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            is_long = whole_is_long or any(map(_is_long, node.decorator_list))
            for mark in node.decorator_list:
                for promise in _promise(mark, named):
                    yield promise, Holder(name, node.name, is_long)


def _module_marks(node: ast.stmt) -> list[ast.expr]:
    if not isinstance(node, ast.Assign):
        return []
    if not any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
        return []
    return node.value.elts if isinstance(node.value, ast.List) else [node.value]


def _constants(tree: ast.Module) -> dict[str, str]:
    """The texts that a module gives a name, since a promise may be named once and used twice."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def _promise(mark: ast.expr, named: dict[str, str]) -> list[str]:
    if not isinstance(mark, ast.Call) or ast.unparse(mark.func) != "pytest.mark.promise":
        return []
    return [named[a.id] if isinstance(a, ast.Name) else ast.literal_eval(a) for a in mark.args]


def _is_long(mark: ast.expr) -> bool:
    return ast.unparse(mark) == "pytest.mark.long"


def main() -> int:
    """Write the page and say how many promises it lists."""
    promises = read_promises(test_files())
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(promises), encoding="utf-8")
    sys.stdout.write(f"{len(promises)} promises in {PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
