"""Freshness of a source as a check on its first table: did it bring anything new lately.

It warns and blocks nothing: a quiet source makes no number wrong. Limits are policy, in
`governance/interfaces.yaml`; the same judgement raises the alert.
"""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from billing.governance.interfaces import read_interfaces

FRESH = "source_fresh"
INTERFACES = Path(__file__).parents[2] / "governance" / "interfaces.yaml"


def spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Describe the check."""
    return dg.AssetCheckSpec(
        FRESH,
        asset=asset,
        blocking=False,
        description="The source brought something new within the business days that "
        "governance/interfaces.yaml allows.",
    )


def result(
    asset: dg.AssetSpec, newest_at: datetime | None, *, is_configured: bool
) -> dg.AssetCheckResult:
    """Judge the source (its name is the asset's group) by its newest receipt, in UTC."""
    source, now = asset.group_name or "", datetime.now(UTC)
    interfaces = read_interfaces(INTERFACES.read_text())
    found = interfaces.freshness(source, newest_at, now)
    words = found.words if is_configured else "not configured"
    return dg.AssetCheckResult(
        asset_key=asset.key,
        check_name=FRESH,
        passed=found.is_fresh or not is_configured,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "why": words,
            "newest_receipt": newest_at.isoformat(timespec="seconds") if newest_at else "none",
            "limit_business_days": interfaces.sources[source].fresh_business_days,
        },
    )
