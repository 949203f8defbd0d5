"""The modules that are cut into several, each by the names of its definitions."""

import ast
import re
from pathlib import Path

from cut import Source, module, name_of, names_in, reached

SETTINGS = "resources/settings.py"
SERVER_SETTINGS = "resources/warehouse/server/settings.py"
SOURCE_SETTINGS = "resources/sources/settings.py"
IN_SERVER = ("ROLES", "DatabaseSettings", "client_variables", "_database", "_password_variable")
IN_SOURCES = ("FhirSettings", "CardSettings", "read_cards", "read_fhir")
STATUS, ROWS = "orchestration/commands/status.py", "orchestration/terminal/rows.py"
GOVERN = "orchestration/govern_commands.py"
OPTIONS = "orchestration/commands/options.py"
PERIOD, POLICY = (f"orchestration/commands/{name}/command.py" for name in ("period", "policy"))
SHARED = ("FAILED", "AsJson", "Entity", "_show")
SHOW = "print_page"  # `show` is a command of some groups

SERVER_DOC = """Where Postgres is and how each role logs in, as the environment says it.

Nothing here connects to anything, and no password appears in a repr or an error text.
"""
SOURCE_DOC = """Where the APIs of the sources are and who we are there, as the environment says it.

SFTP servers are in `sftp/settings.py`. No secret appears in a repr or an error text.
"""
ROWS_DOC = "Rows of a query as dictionaries, for the pages that show them. No query stands here."
OPTIONS_DOC = """What the commands share: exit code, options, and a result as a page or as JSON.

The login of a command is in `login.py`; an option that one group has stands in its `command.py`.
"""
PERIOD_DOC = """`tieout period`: only arguments and printing. What is shown is in `page.py`; what is
allowed is decided by the database.
"""
POLICY_DOC = """`tieout policy`: only arguments and printing. What is checked and shown is in the modules
beside this one; what is allowed is decided by the database.
"""


def symbols(root: Path) -> dict[tuple[str, str], str]:
    """Return where single names will be, by old module and name; names of other homes too."""
    found = {("orchestration.status", "rows"): _dotted(ROWS)}
    settings = root / SETTINGS
    if settings.is_file():
        found |= {("resources.settings", name): _dotted(SERVER_SETTINGS) for name in IN_SERVER}
        found |= {("resources.settings", name): _dotted(SOURCE_SETTINGS) for name in IN_SOURCES}
        for node in ast.parse(settings.read_text()).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("resources."):
                found |= {("resources.settings", one.name): node.module for one in node.names}
    return found


def _dotted(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def split_all(root: Path) -> list[str]:
    """Split what there is to split; return the new files."""
    made: list[str] = []
    for split, source in ((_settings, SETTINGS), (_rows, STATUS), (_govern, GOVERN)):
        if (root / source).is_file():
            made += split(root)
        else:
            print(f"  not there, not split: {source}")
    return made


def _nodes(source: Source, names: tuple[str, ...]) -> list[ast.stmt]:
    found = [one for one in source.body() if name_of(one) in names]
    missing = set(names) - {name_of(one) for one in found}
    if missing:
        raise SystemExit(f"{source.path}: no definition of {', '.join(sorted(missing))}")
    return found


def _write(root: Path, path: str, text: str) -> str:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    return path


def _settings(root: Path) -> list[str]:
    source = Source(root / SETTINGS)
    for_server, for_sources = _nodes(source, IN_SERVER), _nodes(source, IN_SOURCES)
    server = module(SERVER_DOC, source, for_server, ())
    server = server.replace("def _database(", "def read_database(")
    server = re.sub(
        r"(def read_database\(.*?\) -> DatabaseSettings:\n)(?!    \"\"\")",
        r'\1    """Read where Postgres is. Raises MissingSettingError or InvalidSettingError."""' "\n",
        server,
    )
    exported = [one for one in source.body() if name_of(one) == "__all__"]
    rest = source.without([*for_server, *for_sources, *exported])
    used = f"from {_dotted(SERVER_SETTINGS)} import DatabaseSettings, read_database\n"
    used += f"from {_dotted(SOURCE_SETTINGS)} import {', '.join(IN_SOURCES)}\n"
    rest = rest.replace("_database(environ)", "read_database(environ)")
    rest = re.sub(r"^from resources\.", used + "from resources.", rest, count=1, flags=re.M)
    _write(root, SETTINGS, _short_imports(rest))
    return [_write(root, SERVER_SETTINGS, server),
            _write(root, SOURCE_SETTINGS, module(SOURCE_DOC, source, for_sources, ()))]


def _short_imports(text: str) -> str:
    """Write imports of several lines in one; the formatter breaks what is too long."""
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.ImportFrom) and node.end_lineno != node.lineno:
            lines = text.splitlines(keepends=True)
            lines[node.lineno - 1 : node.end_lineno] = [ast.unparse(node) + "\n"]
            text = "".join(lines)
    return text


def _rows(root: Path) -> list[str]:
    source = Source(root / STATUS)
    nodes = _nodes(source, ("rows",))
    rest = source.without(nodes)
    rest = re.sub(r"^from orchestration\.", f"from {_dotted(ROWS)} import rows\nfrom orchestration.",
                  rest, count=1, flags=re.M)
    _write(root, STATUS, rest)
    return [_write(root, ROWS, module(ROWS_DOC, source, nodes, ()))]


def _govern(root: Path) -> list[str]:
    source = Source(root / GOVERN)
    _nodes(source, SHARED)
    of = {app: reached(source, lambda one, app=app: app in names_in(one) or name_of(one) == app)
          for app in ("period_app", "policy_app")}
    shared = (of["period_app"] & of["policy_app"]) | set(SHARED)
    shared -= {"period_app", "policy_app"}
    options = [one for one in source.body() if name_of(one) in shared]
    made = [_write(root, OPTIONS, _public(module(OPTIONS_DOC, source, options, ())))]
    taken = list(options)
    for app, path, docstring in (
        ("period_app", PERIOD, PERIOD_DOC), ("policy_app", POLICY, POLICY_DOC),
    ):
        nodes = [one for one in source.body() if one not in options and
                 (name_of(one) in of[app] or app in names_in(one))]
        names = set().union(*map(names_in, nodes)) & shared
        public = ", ".join(sorted(SHOW if name == "_show" else name for name in names))
        used = [f"from {_dotted(OPTIONS)} import {public}"]
        text = _public(module(docstring, source, nodes, used))
        made.append(_write(root, path, re.sub(rf"\b{app}\b", "app", text)))
        taken += nodes
    left = [ast.unparse(one)[:60] for one in source.body() if one not in taken]
    if left:
        raise SystemExit(f"{GOVERN}: belongs to no command: {left}")
    (root / GOVERN).unlink()
    _mount(root)
    return made


def _public(text: str) -> str:
    text = re.sub(r"\b_show\(", f"{SHOW}(", text)
    return re.sub(
        rf"(def {SHOW}\(.*?\) -> None:\n)(?!    \"\"\")",
        r'\1    """Print what was found: as JSON for scripts, else as the lines of its page."""' "\n",
        text, flags=re.DOTALL,
    )


def _mount(root: Path) -> None:
    """Mount the two groups in the command line under their new names."""
    for path in [*root.glob("orchestration/**/*.py"), *root.glob("tests/**/*.py")]:
        text = path.read_text()
        if "govern_commands" not in text:
            continue
        text = re.sub(r"from orchestration import govern_commands( as \w+)?\n", _both(), text)
        text = re.sub(r"(?m)^(\s*)govern_commands,\n", "", text)
        if "import command as period_command" not in text:
            text = re.sub(r"(?m)^from orchestration\b", _both() + "from orchestration", text, count=1)
        for name in ("period", "policy"):
            text = text.replace(f"govern_commands.{name}_app", f"{name}_command.app")
        if "govern_commands" in text:
            raise SystemExit(f"{path}: another use of govern_commands")
        path.write_text(text)


def _both() -> str:
    return "".join(f"from orchestration.commands.{name} import command as {name}_command\n"
                   for name in ("period", "policy"))


def share_options(root: Path) -> None:
    """Take definitions that `options.py` has word by word out of the other commands."""
    options = Source(root / OPTIONS)
    same = {ast.unparse(one): name_of(one) for one in options.body()}
    for path in sorted(root.glob("orchestration/**/*.py")):
        if path != root / OPTIONS and "commands" in path.as_posix() or path.name == "cli.py":
            _share(path, same)


def _share(path: Path, same: dict[str, str]) -> None:
    source = Source(path)
    found: dict[str, ast.stmt] = {}
    for node in source.body():
        public = _public(ast.unparse(node) + "\n").rstrip()
        name = same.get(ast.unparse(ast.parse(public))) if name_of(node) else None
        if name:
            found[name] = node
    if not found:
        return
    text = source.without(found.values())
    if SHOW in found:
        text = re.sub(r"\b_show\(", f"{SHOW}(", text)
    line = f"from {_dotted(OPTIONS)} import {', '.join(sorted(found))}\n"
    first = next(one for one in ast.parse(text).body
                 if isinstance(one, ast.Import | ast.ImportFrom)
                 and getattr(one, "module", "") != "__future__")
    lines = text.splitlines(keepends=True)
    lines.insert(first.lineno - 1, line)
    path.write_text("".join(lines))
