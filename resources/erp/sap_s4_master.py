"""Master data of SAP: the accounts of a chart and the values that account assignments can have."""

from datetime import date

from billing.ledger.erp import ErpAccount, ErpSegment
from resources.erp.sap_s4_documents import own_account, own_segment
from resources.erp.sap_s4_odata import Row, S4Reader, day_in, flag_in, quoted, text_in
from resources.erp.sap_s4_settings import S4Settings

ACCOUNTS = "API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountInChartOfAccounts"
PROFIT_CENTERS = "API_PROFITCENTER_SRV/A_ProfitCenter"
LISTS = {
    "Segment": "API_SEGMENT_SRV/A_Segment",
    "FunctionalArea": "API_FUNCTIONALAREA_SRV/A_FunctionalArea",
}


def accounts_in(reader: S4Reader, entity: str, settings: S4Settings) -> list[ErpAccount]:
    """Return the accounts of the entity's chart. Raises as `S4Reader.rows`.

    What is blocked in one company code only is not told there: SAP refuses it when posting.
    """
    chart = settings.company(entity).chart_of_accounts
    fields = ("AccountIsBlockedForPosting", "AccountIsMarkedForDeletion")
    rows = reader.rows(
        ACCOUNTS, fields, ("ChartOfAccounts", "GLAccount"), f"ChartOfAccounts eq {quoted(chart)}"
    )
    return [
        ErpAccount(
            entity,
            own_account(text_in(row, "GLAccount"), entity, settings),
            not any(flag_in(row, name) for name in fields),
        )
        for row in rows
    ]


def segments_of(
    reader: S4Reader, entity: str, settings: S4Settings, today: date
) -> list[ErpSegment]:
    """Return the values of the dimensions that are carried. Raises as `S4Reader.rows`."""
    found: list[ErpSegment] = []
    for dimension, name in settings.dimension_fields.items():
        if name == "ProfitCenter":
            values = _profit_centers(reader, entity, settings, today)
        else:
            rows = reader.rows(LISTS[name], (), (name,), f"{name} ne ''")
            values = {text_in(row, name): True for row in rows}
        found += [
            ErpSegment(entity, dimension, own_segment(value, dimension, entity, settings), active)
            for value, active in values.items()
        ]
    return found


def _profit_centers(
    reader: S4Reader, entity: str, settings: S4Settings, today: date
) -> dict[str, bool]:
    """Return each profit centre and whether one of its intervals of validity holds today."""
    area = settings.company(entity).controlling_area
    rows = reader.rows(
        PROFIT_CENTERS, ("ValidityStartDate",),
        ("ControllingArea", "ProfitCenter", "ValidityEndDate"),
        f"ControllingArea eq {quoted(area)}",
    )  # fmt: skip
    found: dict[str, bool] = {}
    for row in rows:
        value = text_in(row, "ProfitCenter")
        found[value] = found.get(value, False) or _is_valid(row, today)
    return found


def _is_valid(row: Row, today: date) -> bool:
    return day_in(row, "ValidityStartDate") <= today <= day_in(row, "ValidityEndDate")
