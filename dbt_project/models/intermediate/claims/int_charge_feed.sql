-- Entities whose charges come from the EHR; for the others the claims are the charge source. What
-- the configuration says; where it leaves it open, those whose feed has brought a charge.
select entity_code
from {{ ref('stg_ops__entity') }}
where charge_source = 'charge_feed'
union
select charge.entity_code
from {{ ref('int_charge_version') }} as charge
inner join {{ ref('stg_ops__entity') }} as entity on charge.entity_code = entity.entity_code
where charge.account_hash is not null and entity.charge_source = 'auto'
