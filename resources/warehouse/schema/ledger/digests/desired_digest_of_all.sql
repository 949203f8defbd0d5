-- The digest of all desired lines that reach the ERP, as one text: their number and two sums. A
-- certificate carries it, and proposing compares it.
create or replace function ledger.desired_digest_of_all() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select concat_ws('|', coalesce(sum(line_count), 0), coalesce(sum(digest_high), 0),
                     coalesce(sum(digest_low), 0))
    from ledger.desired_digest where slot = ''
$$;
