-- Proposes the difference between desired and recorded lines as entries, and voids proposals
-- that are no longer desired. Only buckets whose digests differ are compared.
create or replace function ledger.propose(
    p_build_id text
) returns table (proposed integer, voided integer, unchanged integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    as_of date;
    name text;
    certified text;
begin
    perform pg_advisory_xact_lock(7103002);
    select as_of_date into as_of from ops.build where build_id = p_build_id;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    if as_of is distinct from (select as_of_date from ops.installation) then
        raise exception 'TIEOUT AS_OF: build % is as of %, which is not the as-of date', p_build_id,
            as_of;
    end if;
    lock table ledger.desired_line, ledger.desired_event, ledger.desired_digest in share mode;
    select lines_digest into certified from ops.certificate where build_id = p_build_id;
    if certified is distinct from ledger.desired_digest_of_all() then
        raise exception 'TIEOUT CERTIFICATE: build % has no certificate of the desired lines that'
            ' the ledger holds now', p_build_id;
    end if;
    -- No step of an entry falls between the comparison and what is stored from it. Every session
    -- locks entries before the head of the audit, so that no two wait for each other.
    perform from ledger.entry
    where state in ('proposed', 'approved', 'sending', 'unknown', 'rejected')
    order by entry_id for update;
    foreach name in array array['draft_bucket', 'draft_changed', 'draft_difference', 'draft_event',
        'draft_unexplained', 'draft_line_event', 'draft_line', 'draft_entry', 'new_entry',
        'gone'] loop
        execute format('drop table if exists pg_temp.%I', name);
    end loop;
    perform ledger.draft_buckets();
    perform ledger.draft_differences();
    perform ledger.draft_restatements();
    perform ledger.draft_unexplained(p_build_id);
    perform ledger.draft_events(as_of);
    perform ledger.draft_parts();
    perform ledger.draft_entries();
    select voided_count, unchanged_count into voided, unchanged
    from ledger.void_and_stamp(p_build_id);
    proposed := ledger.store_drafts(p_build_id);
    perform ledger.accept_inputs(p_build_id);
    return next;
end $$;
