-- One row per act on the ledger, from the first one on: a chain is whole or it proves nothing.
select
    seq, at, actor, action, entry_id, from_state, to_state, detail::text as detail, prev_hash, hash,
    authenticated
from ledger.audit
order by seq
