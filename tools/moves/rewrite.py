"""Rewrites the text of a file for modules, files and pages that have moved.

Imports are read with ast; other text by name. A file is rewritten once, from its old text.
"""

import ast
import os
import posixpath
import re
from dataclasses import dataclass, field

from table import BETTER_ALIASES, DATA_PACKAGES, ERPS, WORDS, WORDS_OF_FOLDERS, WORDS_OF_FOLDERS_IN

PACKAGES = ("billing", "resources", "assets", "sensors", "orchestration")
ROOTS = "|".join(PACKAGES)
DOTTED = re.compile(rf"(?<![\w./])(?:{ROOTS})(?:\.[a-z_][a-z0-9_]*)+")
FILE = re.compile(r"(?<![\w./-])(?:[a-z_0-9]+/)*[a-z_0-9]+\.(?:py|xsd|template)\b")
FOLDER = re.compile(rf"(?<![\w./-])(?:{ROOTS})(?:/[a-z_0-9]+)+(?![\w.*])")
GLOB = re.compile(rf"resources/erp/({'|'.join(ERPS)})_?\*(?:\.py)?")
ADAPTER = re.compile(rf"(`resources/erp/(?:{'|'.join(ERPS)})/)ledger\.py` \(with [^)]*\)")
PAGE = re.compile(r"(?<![\w./-])docs/[\w/-]+\.md")
PAGE_PARTS = re.compile(r'"docs" / "([\w-]+\.md)"')
LINK = re.compile(r"\]\(([^)#\s:]+)(#[^)\s]*)?\)")
PARENTS = re.compile(r"(Path\(__file__\)(?:\.resolve\(\))?\.parents\[)(\d+)\]")
NOQA = re.compile(r"#\s*noqa[^\n]*")


@dataclass
class Plan:
    """What moves: files, folders, pages, modules and single names."""

    files: dict[str, str]  # old path -> new path, folders too
    symbols: dict[tuple[str, str], str] = field(default_factory=dict)  # (old module, name) -> new
    tracked: frozenset[str] = frozenset()  # every file before the moves

    def __post_init__(self) -> None:
        self.modules = {_module(old): _module(new) for old, new in self.files.items()
                        if old.endswith(".py")}
        packages = {_module(f"{old}.py"): _module(f"{new}.py")
                    for old, new in self.files.items() if "." not in old}
        self.modules.update(packages)
        self.old_of = {new: old for old, new in self.files.items()}

    def stays(self, name: str) -> bool:
        """Say whether an imported module is left as it is: no, all are looked up."""
        return False

    def module(self, name: str) -> str:
        """Return where a dotted name is now: the longest known beginning is replaced."""
        parts = name.split(".")
        for length in range(len(parts), 1, -1):
            head = ".".join(parts[:length])
            if head in self.modules:
                return ".".join([self.modules[head], *parts[length:]])
        return name


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def rewrite(plan: Plan, old_path: str, new_path: str, text: str) -> str:
    """Return the text of a file as it is at its new place."""
    if new_path.endswith(".md"):
        text = LINK.sub(lambda found: _link(plan, old_path, new_path, found), text)
    if not new_path.endswith(".py"):
        text = _words(plan, old_path, new_path, text)
        return ADAPTER.sub(r"\1`", text) if new_path.endswith(".md") else text
    edits = _imports(plan, text)
    return _spliced(text, edits, lambda gap: _words(plan, old_path, new_path, gap))


def _link(plan: Plan, old_path: str, new_path: str, found: re.Match[str]) -> str:
    target, anchor = found[1], found[2] or ""
    absolute = posixpath.normpath(posixpath.join(posixpath.dirname(old_path), target))
    moved = _file(plan, absolute) or absolute
    link = os.path.relpath(moved, posixpath.dirname(new_path) or ".")
    return f"]({link}{'/' if target.endswith('/') else ''}{anchor})"


def _file(plan: Plan, path: str) -> str | None:
    """Return where a file or folder is now, None where it did not move."""
    if path in plan.files:
        return plan.files[path]
    for old, new in plan.files.items():
        if "." not in old and path.startswith(f"{old}/"):
            return new + path[len(old):]
    return None


def _words(plan: Plan, old_path: str, new_path: str, text: str) -> str:
    def named(found: re.Match[str]) -> str:
        return _mentioned(plan, old_path, new_path, found[0])

    text = GLOB.sub(lambda found: f"resources/erp/{found[1]}/", text)
    text = FILE.sub(named, text)
    text = FOLDER.sub(lambda found: _file(plan, found[0]) or found[0], text)
    text = PAGE.sub(lambda found: plan.files.get(found[0], found[0]), text)
    text = re.sub(r"(?<![\w./-])docs/(erp|decisions)/(?!\w)",
                  lambda found: plan.files[f"docs/{found[1]}"] + "/", text)
    text = PAGE_PARTS.sub(lambda found: _page_parts(plan, found[1]), text)
    if old_path in DATA_PACKAGES:
        before, after = DATA_PACKAGES[old_path]
        text = text.replace(f'files("{before}")', f'files("{after}")')
    else:
        text = DOTTED.sub(lambda found: plan.module(found[0]), text)
    depth = new_path.count("/") - old_path.count("/")
    text = PARENTS.sub(lambda found: f"{found[1]}{int(found[2]) + depth}]", text)
    if old_path.startswith(WORDS_OF_FOLDERS_IN):
        for before, after in WORDS_OF_FOLDERS.items():
            text = re.sub(rf'(["`]){re.escape(before)}(/?["`])', rf"\g<1>{after}\g<2>", text)
    return text


def _page_parts(plan: Plan, name: str) -> str:
    moved = plan.files.get(f"docs/{name}", f"docs/{name}")
    return " / ".join(f'"{part}"' for part in moved.split("/"))


def _mentioned(plan: Plan, old_path: str, new_path: str, mention: str) -> str:
    """Return a mentioned file as it is called now; beside the mentioning file by its bare name."""
    moved = _file(plan, mention)
    if moved:
        return moved
    here, now = posixpath.dirname(old_path), posixpath.dirname(new_path)
    place = posixpath.join(here, mention)
    if here == now and place in plan.tracked and place not in plan.files:
        return mention
    beside = plan.files.get(place, place if place in plan.tracked else None)
    if beside is None:
        ends = [new for old, new in plan.files.items() if old.endswith(f"/{mention}")]
        is_clear = re.search("[_/]", mention) and not old_path.startswith("docs")
        return ends[0] if is_clear and len(ends) == 1 else mention
    if posixpath.dirname(beside) == now:
        return posixpath.basename(beside)
    return beside


# Imports

Edit = tuple[int, int, str]


def _spliced(text: str, edits: list[Edit], change: object) -> str:
    """Return the text with edits made and each gap between them changed."""
    raw, parts, at = text.encode(), [], 0
    for start, end, new in sorted(edits):
        parts += [change(raw[at:start].decode()), new]  # type: ignore[operator]
        at = end
    return "".join([*parts, change(raw[at:].decode())])  # type: ignore[operator]


def _imports(plan: Plan, text: str) -> list[Edit]:
    tree, starts = ast.parse(text), _line_starts(text)
    raw = text.encode()
    edits: list[Edit] = []
    renamed: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module.split(".")[0] in PACKAGES:
                edits.append(_import_from(plan, node, raw, starts, tree, renamed))
        elif isinstance(node, ast.Import):
            edits += _import(plan, node, raw, starts)
    edits += [
        (at, at + len(node.id), renamed[node.id])
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in renamed
        for at in [starts[node.lineno - 1] + node.col_offset]
    ]
    return edits


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _span(node: ast.stmt, starts: list[int]) -> tuple[int, int]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return (starts[node.lineno - 1] + node.col_offset,
            starts[node.end_lineno - 1] + node.end_col_offset)


def _import(plan: Plan, node: ast.Import, raw: bytes, starts: list[int]) -> list[Edit]:
    if not any(one.name.split(".")[0] in PACKAGES for one in node.names):
        return []
    names = [plan.module(one.name) + (f" as {one.asname}" if one.asname else "")
             for one in node.names]
    return [(*_span(node, starts), f"import {', '.join(names)}")]


def _import_from(
    plan: Plan, node: ast.ImportFrom, raw: bytes, starts: list[int], tree: ast.Module,
    renamed: dict[str, str],
) -> Edit:
    start, end = _span(node, starts)
    groups: dict[str, list[str]] = {}
    for one in node.names:
        module, name = _imported(plan, node.module or "", one, tree, raw, starts, renamed)
        groups.setdefault(module, []).append(name)
    if groups == {node.module: [_alias(one.name, one.asname) for one in node.names]}:
        return start, end, raw[start:end].decode()
    line_end = raw.find(b"\n", end)
    own = NOQA.search(raw[start:end].decode())
    after = NOQA.search(raw[end:line_end].decode())
    noqa = f"  {(own or after)[0]}" if own or after else ""  # type: ignore[index]
    indent = "\n" + " " * node.col_offset
    lines = [f"from {module} import {', '.join(names)}" for module, names in groups.items()]
    text = f"{noqa}{indent}".join(lines)
    return start, end, text + (noqa if own else "")


def _alias(name: str, asname: str | None) -> str:
    return f"{name} as {asname}" if asname and asname != name else name


def _imported(
    plan: Plan, module: str, one: ast.alias, tree: ast.Module, raw: bytes, starts: list[int],
    renamed: dict[str, str],
) -> tuple[str, str]:
    """Return the module and the `name as alias` of one imported name as it is now."""
    if (module, one.name) in plan.symbols:
        return plan.symbols[module, one.name], _alias(one.name, one.asname)
    whole = f"{module}.{one.name}"
    if plan.stays(whole):
        return module, _alias(one.name, one.asname)
    if whole not in plan.modules:
        return plan.module(module), _alias(one.name, one.asname)
    home, _, name = plan.modules[whole].rpartition(".")
    word = one.asname or one.name
    better = name if name in WORDS else BETTER_ALIASES.get(word, "")
    if better and not one.asname and _can_rename(tree, one.name, better, raw, starts):
        renamed[one.name] = better
        return home, _alias(name, better)
    return home, _alias(name, word)


def _can_rename(tree: ast.Module, old: str, new: str, raw: bytes, starts: list[int]) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg in {old, new}:
            return False
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in {old, new}:
            return False
        if not isinstance(node, ast.Name):
            continue
        at = starts[node.lineno - 1] + node.col_offset
        is_there = raw[at:at + len(node.id)].decode(errors="replace") == node.id
        if node.id == new or (
            node.id == old and (not isinstance(node.ctx, ast.Load) or not is_there)
        ):
            return False
    return True
