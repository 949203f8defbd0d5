-- Takes the lease on an entry with the next fence; returns the fence. A sender may ask for more
-- than the installation's lease and quiet time, never for less.
create or replace function ledger.take_lease(p_entry_id bigint, p_lease numeric, p_quiet numeric)
returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    least ledger.installation;
    quiet numeric;
    ends timestamptz;
    taken bigint;
begin
    if p_lease <= 0 or p_quiet < 0 then
        raise exception 'TIEOUT LEASE: a lease lasts, and quiet is not negative';
    end if;
    select * into least from ledger.installation;
    quiet := greatest(p_quiet, least.quiet_seconds);
    ends := clock_timestamp() + make_interval(secs => greatest(p_lease, least.lease_seconds));
    insert into ledger.sending as held (entry_id, fence, attempts, holder, holder_pid,
        leased_until, quiet_seconds, quiet_until)
    values (p_entry_id, 1, 1, session_user, pg_backend_pid(), ends, quiet,
        ends + make_interval(secs => quiet))
    on conflict (entry_id) do update set
        fence = held.fence + 1, attempts = held.attempts + 1, holder = excluded.holder,
        holder_pid = excluded.holder_pid, leased_until = excluded.leased_until,
        quiet_seconds = excluded.quiet_seconds,
        quiet_until = excluded.quiet_until, not_before = null
    returning fence into taken;
    return taken;
end $$;
