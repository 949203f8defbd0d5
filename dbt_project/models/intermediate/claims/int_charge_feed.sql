-- Entities whose charges come from the EHR; for the others the claims are the charge source.
select distinct entity_code
from {{ ref('int_charge_version') }}
where account_hash is not null
