-- The first 64 bits of a mark as a number.
create or replace function ledger.high_half(mark text) returns numeric
language sql immutable parallel safe as $$
    select ('x' || substr(mark, 1, 16))::bit(64)::bigint::numeric
$$;
