-- Charges of the entities with a charge feed by day of service and days until they were posted.
-- Those entered in error were never lost, and longer than 45 days counts as 45.
select
    charge.entity_code, account.facility_code, account.payer_class, charge.service_date,
    least(greatest(charge.posted_date - charge.service_date, 0), 45) as lag_days,
    sum(charge.amount) as charge_amount,
    cast(count(*) as integer) as charge_count
from {{ ref('int_charge_version') }} as charge
inner join {{ ref('int_account') }} as account on charge.account_key = account.account_key
where charge.outcome = 'posted' and not charge.is_reversed and charge.service_date is not null
group by 1, 2, 3, 4, 5
