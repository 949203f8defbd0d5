"""Puts companies, chart, fiscal years, users and keys into a Tryton database, in one transaction.

Runs under Tryton's own Python: `python set_up.py DATABASE < plan.json`, with TRYTOND_DATABASE_URI.
It adds what is missing and changes nothing else, so that it may run at any time and again.
"""

import datetime
import json
import sys
from decimal import Decimal

from trytond.pool import Pool
from trytond.transaction import Transaction, TransactionError

JOURNAL_CODE = "TIEOUT"
ROLES = {"poster": "group_account", "accountant": "group_account_admin"}
STATEMENTS = {
    "asset": {"statement": "balance", "assets": True},
    "receivable": {"statement": "balance", "assets": True, "receivable": True},
    "contra_asset": {"statement": "balance", "assets": True},
    "suspense": {"statement": "balance", "assets": True},
    "liability": {"statement": "balance", "assets": False},
    "payable": {"statement": "balance", "assets": False, "payable": True},
    "offset": {"statement": "balance", "assets": False},
    "revenue": {"statement": "income", "revenue": True},
    "contra_revenue": {"statement": "income", "revenue": True},
    "other_income": {"statement": "income", "revenue": True},
    "expense": {"statement": "income", "expense": True},
}


def main():
    """Bring the database up to the plan given on the standard input."""
    database, plan = sys.argv[1], json.load(sys.stdin)
    Pool.start()
    with Transaction().start(database, 0, readonly=True):
        Pool(database).init()
    apply(database, plan)


def apply(database, plan):
    """Run the set-up in one transaction, again with the locks that Tryton asks for on the way."""
    locks = {}
    while True:
        with Transaction().start(database, 0, **locks) as transaction:
            try:
                set_up(plan)
                record(transaction, plan)
                transaction.commit()
            except TransactionError as wanted:
                transaction.rollback()
                wanted.fix(locks)
            else:
                return


def set_up(plan):
    """Add what the plan asks for: the journal once, then each company with its own things."""
    find_or_create("account.journal", {"code": JOURNAL_CODE}, {"name": "Tieout", "type": "general"})
    currency = ensure_currency(plan["currency"])
    for entry in plan["companies"]:
        company = ensure_company(entry["entity"], entry["name"], currency)
        with Transaction().set_context(company=company.id, companies=[company.id]):
            ensure_chart(company, plan["accounts"])
            for year in range(plan["first_year"], plan["last_year"] + 1):
                ensure_year(company, year)
        for role, group in ROLES.items():
            ensure_user(company, role, entry["entity"], group)


def find(model, values):
    """Return the one record with these values, or None."""
    domain = [(name, "=", value) for name, value in values.items()]
    found = Pool().get(model).search(domain, limit=2)
    if len(found) > 1:
        raise SystemExit(f"{model}: more than one record for {sorted(values)}")
    return found[0] if found else None


def find_or_create(model, key, values):
    """Return the record with this key, made with these values when it is missing."""
    existing = find(model, key)
    if existing is not None:
        return existing
    (created,) = Pool().get(model).create([{**key, **values}])
    return created


def ensure_currency(code):
    """Return the currency: two decimals, as all amounts here have."""
    values = {"name": code, "digits": 2, "rounding": Decimal("0.01")}
    return find_or_create("currency.currency", {"code": code}, values)


def ensure_company(entity, name, currency):
    """Return the company of a legal entity; its party carries the entity's code."""
    party = find_or_create("party.party", {"code": entity}, {"name": name})
    return find_or_create("company.company", {"party": party.id}, {"currency": currency.id})


def ensure_chart(company, accounts):
    """Add missing account types and accounts. Codes are not unique in Tryton: look first."""
    account_model = Pool().get("account.account")
    known = {account.code for account in account_model.search([("company", "=", company.id)])}
    missing = [account for account in accounts if account["code"] not in known]
    types = {kind: ensure_type(company, kind) for kind in sorted({a["kind"] for a in missing})}
    account_model.create(
        [
            {
                "code": account["code"],
                "name": account["name"],
                "company": company.id,
                "type": types[account["kind"]].id,
            }
            for account in missing
        ]
    )


def ensure_type(company, kind):
    """Return the account type of this kind; its flags say which statement shows it."""
    key = {"company": company.id, "name": kind}
    return find_or_create("account.account.type", key, STATEMENTS[kind])


def ensure_year(company, year):
    """Add a fiscal year of twelve months with a gapless number series of its own."""
    start, end = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    fiscal_years = Pool().get("account.fiscalyear")
    if fiscal_years.search([("company", "=", company.id), ("start_date", "=", start)]):
        return
    data = Pool().get("ir.model.data")
    (sequence,) = (
        Pool()
        .get("ir.sequence.strict")
        .create(
            [
                {
                    "name": str(year),
                    "company": company.id,
                    "sequence_type": data.get_id("account", "sequence_type_account_move"),
                    "prefix": f"{year}/",
                }
            ]
        )
    )
    (fiscal_year,) = fiscal_years.create(
        [
            {
                "name": str(year),
                "start_date": start,
                "end_date": end,
                "company": company.id,
                "move_sequence": sequence.id,
            }
        ]
    )
    fiscal_years.create_period([fiscal_year])


def ensure_user(company, role, entity, group):
    """Add a user of one company and one group, with a REST key and no password."""
    login = f"tieout_{role}_{entity.lower()}"
    user = find("res.user", {"login": login})
    if user is None:
        data = Pool().get("ir.model.data")
        values = {
            "name": f"Tieout {role} {entity}",
            "login": login,
            "companies": [("add", [company.id])],
            "company": company.id,
            "company_filter": "one",
            "groups": [("add", [data.get_id("account", group)])],
        }
        (user,) = Pool().get("res.user").create([values])
    find_or_create("res.user.application", {"user": user.id, "application": "rest"}, {})


def record(transaction, plan):
    """Note, in the same transaction, the plan that this database now follows."""
    cursor = transaction.connection.cursor()
    cursor.execute("create table if not exists tieout_plan (plan text not null)")
    cursor.execute("delete from tieout_plan")
    cursor.execute("insert into tieout_plan values (%s)", (json.dumps(plan),))


if __name__ == "__main__":
    main()
