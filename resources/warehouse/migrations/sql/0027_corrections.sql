-- Corrections of a closed period carry a class: new information unless policy says what a rule's
-- changes are (an estimate's), or a person decided it for a rule and an original period.
alter table ledger.entry_line drop constraint entry_line_correction_class_check,
    add constraint entry_line_correction_class_check check (correction_class in
        ('new_information', 'change_of_estimate', 'error', 'change_of_principle'));

create table ledger.correction_decision (
    decision_id bigint generated always as identity primary key,
    entity_code text not null,
    original_period date not null check (extract(day from original_period) = 1),
    rule text not null,
    correction_class text not null check (correction_class in
        ('new_information', 'change_of_estimate', 'error', 'change_of_principle')),
    reason text not null check (reason <> ''),
    decided_by text not null,
    decided_at timestamptz not null
);
create index on ledger.correction_decision (entity_code, original_period, rule);
create function ledger.guard_correction() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    new.decided_by := session_user;
    new.decided_at := clock_timestamp();
    return new;
end $$;
create trigger guard before insert on ledger.correction_decision
    for each row execute function ledger.guard_correction();
create function ledger.audit_correction() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('classify correction', null, null, null,
        to_jsonb(new) - 'decided_at');
    return null;
end $$;
create trigger audit after insert on ledger.correction_decision
    for each row execute function ledger.audit_correction();
create trigger keep before update or delete or truncate on ledger.correction_decision
    for each statement execute function ops.refuse_change();

-- The decision holds from the next proposal on; proposals that say otherwise give way, and the
-- signatures that they had with them. What is recorded keeps the class that it was approved with.
create function ledger.classify_correction(
    p_entity text, p_original_period date, p_rule text, p_class text, p_reason text
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.correction_decision
        (entity_code, original_period, rule, correction_class, reason)
    values (p_entity, p_original_period, p_rule, p_class, p_reason) returning decision_id
$$;
create function ledger.correction_class_of(p_entity text, p_original_period date, p_rule text)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce(
        (select correction_class from ledger.correction_decision
         where (entity_code, original_period, rule) = (p_entity, p_original_period, p_rule)
         order by decision_id desc limit 1),
        (select correction_class from ledger.policy_correction
         where policy_id = ledger.policy_id() and rule = p_rule),
        'new_information')
$$;
do $$
declare
    body text := pg_get_functiondef('ledger.draft_entries()'::regprocedure);
begin
    if strpos(body, 'then ''new_information'' end as correction_class') = 0 then
        raise exception 'TIEOUT MIGRATION: the draft gives no correction class as expected';
    end if;
    execute replace(body, 'then ''new_information'' end as correction_class',
        'then ledger.correction_class_of(entity_code, original_period, rule) end '
        'as correction_class');
end $$;

-- Both views of materiality of errors, one row per entry with errors and original period: what
-- this entry does to that period, and what all errors of the entity come to with it. Amounts are
-- gross (the larger side), so that errors never hide one another; the effect on income is net,
-- a loss negative. Sums of entries that are recorded, and of the entry itself.
create view ledger.correction_materiality as
with line as (
    select entry.entry_id, entry.entity_code, entry.state, line.original_period,
           line.debit_amount, line.credit_amount,
           case when account.account_type in ('revenue', 'contra_revenue', 'expense',
                    'other_income')
                then line.credit_amount - line.debit_amount else 0 end as income_amount
    from ledger.entry_line as line join ledger.entry as entry using (entry_id)
    left join ledger.account as account using (account)
    where line.correction_class = 'error' and entry.state <> 'void'
),
period_effect as (
    select entry_id, entity_code, state, original_period,
           greatest(sum(debit_amount), sum(credit_amount)) as period_amount,
           sum(income_amount) as period_income_amount
    from line group by entry_id, entity_code, state, original_period
)
select effect.entry_id, effect.entity_code, effect.original_period, effect.state,
       effect.period_amount, effect.period_income_amount, total.accumulated_amount,
       total.accumulated_income_amount,
       greatest(effect.period_amount, total.accumulated_amount) > policy.error_amount
           as is_material
from period_effect as effect
cross join lateral (
    select sum(other.period_amount) as accumulated_amount,
           sum(other.period_income_amount) as accumulated_income_amount
    from period_effect as other
    where other.entity_code = effect.entity_code and (other.entry_id = effect.entry_id
        or other.state in ('approved', 'sending', 'unknown', 'posted'))
) as total
cross join (select error_amount from ledger.policy
            where policy_id = (select max(policy_id) from ledger.policy)) as policy;

-- The exists keeps the many entries without errors away from the view.
create function ledger.is_material_error(p_entry_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (select from ledger.entry_line
                   where entry_id = p_entry_id and correction_class = 'error')
       and exists (select from ledger.correction_materiality
                   where entry_id = p_entry_id and is_material)
$$;
-- Why an entry waits as a correction; null when it does not. A changed rule that works backwards
-- is no new information: somebody says what it is first.
create function ledger.correction_problem(p_entry_id bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case
        when entry.approval_class = 'restatement' and exists (
            select from ledger.entry_line where entry_id = p_entry_id
              and correction_class = 'new_information')
            then 'a changed rule works on a closed period: its correction class is not decided'
        when ledger.is_material_error(p_entry_id) and not ledger.has_signature(p_entry_id, (
            select error_role from ledger.policy where policy_id = ledger.policy_id()))
            then 'errors of a closed period above the threshold wait for a controller' end
    from ledger.entry as entry where entry.entry_id = p_entry_id
$$;
