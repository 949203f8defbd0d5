"""Dagster's own settings, rendered into DAGSTER_HOME, and the variables it runs with. No dagster.

Secrets stay in the environment: the rendered file names variables only.
"""

from collections.abc import Mapping
from pathlib import Path
from string import Template

TEMPLATE = Path(__file__).parent / "dagster.yaml.template"


def write_instance(dagster_home: Path) -> Path:
    """Write `dagster.yaml` (and keep it if nothing has changed); return its path."""
    dagster_home.mkdir(parents=True, exist_ok=True)
    text = Template(TEMPLATE.read_text()).substitute(storage=dagster_home / "storage")
    path = dagster_home / "dagster.yaml"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path


def variables(dagster_home: Path, login: str) -> Mapping[str, str]:
    """Return what every process that imports dagster must have in its environment.

    `login` is the database login of the role dagster.
    """
    return {
        "TIEOUT_DAGSTER_LOGIN": login,
        "DAGSTER_HOME": str(dagster_home),
        "DAGSTER_REDACT_USER_CODE_ERRORS": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
