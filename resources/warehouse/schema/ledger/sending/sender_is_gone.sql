-- Tells whether the sender of an entry is gone, or so late that it may not send any more.
create or replace function ledger.sender_is_gone(p_entry_id bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select not exists (
        select from ledger.sending as lease
        join pg_stat_activity as session on session.pid = lease.holder_pid
        where lease.entry_id = p_entry_id and lease.leased_until > clock_timestamp()
          and session.pid <> pg_backend_pid())
$$;
