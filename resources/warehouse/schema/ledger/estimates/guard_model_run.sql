-- Seals a model run: its sums, rates and balances are worked out again, and it carries the
-- session's login.
create or replace function ledger.guard_model_run() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    known ledger.model_rule;
    problem text;
begin
    perform pg_advisory_xact_lock(hashtextextended(new.entity_code || new.rule, 7104));
    select * into known from ledger.model_rule where rule = new.rule;
    if ledger.basis_of(session_user) = 'policy' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    elsif new.method <> all (known.methods) then
        raise exception 'TIEOUT METHOD: % is not estimated by %', new.rule, new.method;
    elsif not exists (select from ledger.model_run_line where run_id = new.run_id) then
        raise exception 'TIEOUT NO_LINES: nothing is open at this cut-off';
    elsif exists (
        select from ledger.model_run_state
        where entity_code = new.entity_code and rule = new.rule and state = 'counts'
          and cutoff_date > new.cutoff_date) then
        raise exception 'TIEOUT LATER_RUN: there is a run of a later cut-off';
    end if;
    new.prepared_by := session_user;
    new.prepared_at := clock_timestamp();
    select build.build_id into new.build_id from ops.build as build
    join ops.certificate using (build_id) order by build.started_at desc limit 1;
    if new.build_id is null then
        raise exception 'TIEOUT NO_BUILD: no build has a certificate yet';
    end if;
    if new.method = 'memo' and exists (select from ledger.model_run_line
            where run_id = new.run_id and rate_level <> 'memo') then
        raise exception 'TIEOUT METHOD: a memo has no rates';
    elsif new.method <> 'memo' then
        problem := ledger.run_balance_problem(new);
        if problem is not null then
            raise exception 'TIEOUT BALANCE: % is not what the books hold', problem;
        end if;
        problem := ledger.run_rate_problem(new);
        if problem is not null then
            raise exception 'TIEOUT RATE: % has a rate without such history', problem;
        end if;
    end if;
    select count(*), sum(balance_amount), sum(required_amount)
    into new.line_count, new.balance_amount, new.required_amount
    from ledger.model_run_line where run_id = new.run_id;
    insert into ledger.model_run_use (run_id, facility_code, payer_class, used_amount)
    select new.run_id, facility_code, payer_class, sum(signed_amount)
    from ledger.desired_line
    where account = known.allowance_account and rule <> new.rule
      and entity_code = new.entity_code and original_date <= new.cutoff_date
    group by facility_code, payer_class having sum(signed_amount) <> 0;
    new.content_hash := ledger.run_hash(new);
    return new;
end $$;
