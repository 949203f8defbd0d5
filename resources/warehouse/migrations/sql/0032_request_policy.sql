-- Who decides on requests, and up to which amounts: part of each version of the approval policy.
create table ledger.policy_request (
    policy_id bigint primary key references ledger.policy,
    days integer not null check (days > 0),   -- requests for one account are added up over these
    other_tender_role text not null,          -- decides on refunds to another payee or tender
    manual_class text not null,               -- approval class of entries on chosen accounts
    manual_above numeric(14, 2) not null check (manual_above >= 0),
    manual_class_above text not null,         -- and of those with more debits than that
    reason_codes text[] not null check (cardinality(reason_codes) > 0)
);
create table ledger.policy_request_limit (
    policy_id bigint not null references ledger.policy,
    limit_id text not null,
    role text not null,
    events text[],                            -- null: all that no other row of the role names
    amount numeric(14, 2) check (amount > 0),           -- null: no limit
    day_amount numeric(14, 2) check (day_amount > 0),
    primary key (policy_id, limit_id)
);
do $$
declare
    name text;
    hashing text := pg_get_functiondef('ledger.policy_hash(bigint)'::regprocedure);
    loading text := pg_get_functiondef('ledger.load_policy(text, jsonb)'::regprocedure);
    last_part text := 'union all select ''correction''';
    last_step text := '    return true;';
begin
    foreach name in array array['policy_request', 'policy_request_limit'] loop
        execute format('create trigger guard before insert on ledger.%I '
            'for each row execute function ledger.guard_policy_part()', name);
        execute format('create trigger keep before update or delete or truncate on ledger.%I '
            'for each statement execute function ops.refuse_change()', name);
    end loop;
    if strpos(hashing, last_part) = 0 or strpos(loading, last_step) = 0 then
        raise exception 'TIEOUT MIGRATION: a policy is not loaded or hashed as expected';
    end if;
    execute replace(hashing, last_part, $put$union all
        select 'requests' || to_jsonb(t)::text from ledger.policy_request as t
        where policy_id = p_policy_id
        union all
        select 'request limit' || to_jsonb(t)::text from ledger.policy_request_limit as t
        where policy_id = p_policy_id
        $put$ || last_part);
    execute replace(loading, last_step, $put$    if p_file ? 'requests' then
        insert into ledger.policy_request
        select made, days, other_tender_role, manual_class, manual_above, manual_class_above,
               reason_codes
        from jsonb_populate_record(null::ledger.policy_request, p_file -> 'requests');
        insert into ledger.policy_request_limit
        select made, limit_id, role, events, amount, day_amount
        from jsonb_populate_recordset(null::ledger.policy_request_limit,
            p_file -> 'request_limits');
    end if;
$put$ || last_step);
end $$;

-- The sub-ledger key of each account, from the chart; null where it has none.
alter table ledger.account add column control text;

revoke all on all functions in schema ledger from public;
grant select on ledger.policy_request, ledger.policy_request_limit
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
