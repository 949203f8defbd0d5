-- One row per approval class in force: who signs, and how many.
select approval_class, basis, signatures
from ledger.approval_class
order by approval_class
