-- Each identifier by which files name a payer: its code and its number in the trace of a payment.
select payer_code as payer_id, payer_code, payer_class
from {{ ref('payers') }}
union
select payer_trace_id, payer_code, payer_class
from {{ ref('payers') }}
where payer_trace_id is not null
