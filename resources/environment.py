"""Reading single variables of an environment, with refusals that name the variable and the rule.

What the variables mean is in settings.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class MissingSettingError(Exception):
    """A variable that the asked-for part needs is absent; the text names the variable only."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the environment variable {variable} is not set")
        self.variable = variable


class InvalidSettingError(Exception):
    """A variable is there but cannot be used; the text names the variable and the rule only."""

    def __init__(self, variable: str, rule: str) -> None:
        super().__init__(f"the environment variable {variable} must be {rule}")
        self.variable = variable


def required(environ: Mapping[str, str], variable: str) -> str:
    """Return the value. Raises MissingSettingError."""
    value = environ.get(variable, "")
    if not value:
        raise MissingSettingError(variable)
    return value


def integer(environ: Mapping[str, str], variable: str, default: int | None) -> int:
    """Return a whole number. Raises MissingSettingError (no default), InvalidSettingError."""
    text = environ.get(variable, "") or ("" if default is None else str(default))
    if not text:
        raise MissingSettingError(variable)
    if not (text.isascii() and text.isdecimal()):
        raise InvalidSettingError(variable, "a whole number")
    return int(text)


def port(environ: Mapping[str, str], variable: str, default: int) -> int:
    """Return a TCP port. Raises InvalidSettingError."""
    number = integer(environ, variable, default)
    if not 0 < number < 65536:
        raise InvalidSettingError(variable, "a port between 1 and 65535")
    return number


def seconds(environ: Mapping[str, str], variable: str, default: float) -> float:
    """Return a number of seconds, zero or more. Raises InvalidSettingError."""
    try:
        found = float(environ.get(variable) or default)
    except ValueError:
        raise InvalidSettingError(variable, "a number of seconds") from None
    if not 0 <= found < float("inf"):
        raise InvalidSettingError(variable, "a number of seconds, zero or more")
    return found


def listed(environ: Mapping[str, str], variable: str, default: str) -> tuple[str, ...]:
    """Return the parts between commas, without the empty ones."""
    parts = (environ.get(variable) or default).split(",")
    return tuple(part.strip() for part in parts if part.strip())


def by_entity(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the values of all variables that begin with `prefix`, by the entity that follows."""
    found = ((name.removeprefix(prefix), name) for name in environ if name.startswith(prefix))
    return {entity: environ[name] for entity, name in sorted(found) if environ[name]}


def text_or_file(environ: Mapping[str, str], variable: str) -> str:
    r"""Return the text of `variable` (`\n` means a line's end) or of the file `variable`_FILE.

    Empty where neither is given. Raises InvalidSettingError.
    """
    if text := environ.get(variable, ""):
        return text.replace("\\n", "\n")
    path = environ.get(f"{variable}_FILE", "")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InvalidSettingError(f"{variable}_FILE", "a text file that can be read") from None
