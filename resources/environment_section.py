"""Variables that share the beginning of their names, such as those of one ERP.

Refusals name the whole variable and the rule, never the value. Single variables: environment.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from resources import environment
from resources.environment import InvalidSettingError, MissingSettingError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Section:
    """The variables that begin with `prefix`; each is asked for by the rest of its name."""

    def __init__(self, environ: Mapping[str, str], prefix: str) -> None:
        self._environ, self._prefix = environ, prefix

    def text(self, name: str, default: str = "") -> str:
        """Return the value, or the default where there is none."""
        return self._environ.get(self._prefix + name) or default

    def required(self, name: str) -> str:
        """Return the value. Raises MissingSettingError."""
        return environment.required(self._environ, self._prefix + name)

    def secret(self, name: str) -> str:
        """Return the value, or the text of the file that `name`_FILE names.

        Raises MissingSettingError, InvalidSettingError.
        """
        return environment.text_or_file(self._environ, self._prefix + name) or self.required(name)

    def address(self, name: str, default: str = "") -> str:
        """Return an https address without a slash at its end; http on this machine alone.

        Raises MissingSettingError where there is no default, InvalidSettingError.
        """
        text = self.text(name, default).rstrip("/")
        if not text:
            raise MissingSettingError(self._prefix + name)
        parts = urlsplit(text)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not is_safe or not parts.hostname:
            raise InvalidSettingError(self._prefix + name, "an https address")
        return text

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number. Raises MissingSettingError, InvalidSettingError."""
        return environment.integer(self._environ, self._prefix + name, default)

    def says_yes(self, name: str, *, default: bool) -> bool:
        """Return whether it says yes. Raises InvalidSettingError."""
        text = self.text(name, "yes" if default else "no")
        if text not in {"yes", "no"}:
            raise InvalidSettingError(self._prefix + name, "yes or no")
        return text == "yes"

    def listed(self, name: str, default: str) -> tuple[str, ...]:
        """Return the parts between commas; `none` means no part at all."""
        parts = environment.listed(self._environ, self._prefix + name, default)
        return () if parts == ("none",) else parts

    def pairs(self, name: str, default: str) -> dict[str, str]:
        """Return the `name=value` parts between commas. Raises InvalidSettingError."""
        found = [part.partition("=") for part in self.listed(name, default)]
        if not all(one and sign and value for one, sign, value in found):
            raise InvalidSettingError(self._prefix + name, "name=value, commas between, or none")
        return {one.strip(): value.strip() for one, _, value in found}

    def by_entity(self, name: str) -> dict[str, str]:
        """Return the values of all variables that begin with `name`, by the entity that follows.

        Raises MissingSettingError where there is none.
        """
        found = environment.by_entity(self._environ, self._prefix + name)
        if not found:
            raise MissingSettingError(f"{self._prefix}{name}<entity>")
        return found
