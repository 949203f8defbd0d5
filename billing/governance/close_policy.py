"""What approvals.yaml says of periods, corrections and changed inputs. Data, no reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class PeriodPolicy:
    """What a softly closed period takes, who decides on periods, and what may stay refused."""

    soft_classes: tuple[str, ...]
    soft_role: str
    period_role: str
    waiver_role: str
    refused_tolerance: Decimal


@dataclass(frozen=True)
class CorrectionPolicy:
    """From which amount on errors wait for a role, and rules whose changes have a class."""

    error_amount: Decimal
    error_role: str
    rules: Mapping[str, str]


@dataclass(frozen=True)
class ChangePolicy:
    """What changed inputs may do to known evidence of an entity, in gross dollars within days."""

    amount: Decimal
    days: int
