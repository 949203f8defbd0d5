-- Tells whether an entry of this state is recorded (ledger rule 1).
create or replace function ledger.is_recorded(state text) returns boolean
language sql immutable parallel safe as $$
    select state in ('approved', 'sending', 'unknown', 'posted')
$$;
