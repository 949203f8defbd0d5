-- One row per account, as the database took it over from the chart.
select account, name, account_type, normal_side, reaches_erp
from ledger.account
order by account
