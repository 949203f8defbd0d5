-- Events that other rules, code or an earlier as-of date take back or add, and that no new
-- evidence explains: `draft_unexplained` is what goes on as class `restatement`, since its gross
-- amount of an entity is beyond the bound of the policy, with what went before within its days.
create or replace function ledger.draft_unexplained(p_build_id text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.accepted_inputs;
    build ops.build;
    policy ledger.policy;
begin
    create temporary table draft_unexplained (event_id text, entity_code text,
        original_date date, amount numeric) on commit drop;
    select * into held from ledger.accepted_inputs order by accepted_id desc limit 1;
    select * into build from ops.build where build_id = p_build_id;
    if held.accepted_id is null or (held.as_of_date <= build.as_of_date
        and (held.rule_set_hash, held.code_hash)
            is not distinct from (build.rule_set_hash, build.code_hash)) then
        return;
    end if;
    insert into draft_unexplained select * from ledger.unexplained_events(held);
    select * into policy from ledger.policy where policy_id = ledger.policy_id();
    with entity as (
        select entity_code, sum(amount) as amount from draft_unexplained group by entity_code
    ),
    within as (
        select entity.entity_code, entity.amount from entity
        where entity.amount + coalesce((
            select sum(earlier.amount) from ledger.unexplained_change as earlier
            where earlier.entity_code = entity.entity_code and earlier.build_id <> p_build_id
              and earlier.made_at > clock_timestamp() - make_interval(days => policy.change_days)),
            0) <= policy.change_amount
    ),
    kept as (
        insert into ledger.unexplained_change (build_id, entity_code, amount)
        select p_build_id, entity_code, amount from within where amount > 0
        on conflict (build_id, entity_code) do nothing
    )
    delete from draft_unexplained where entity_code in (select entity_code from within);
    analyze draft_unexplained;
end $$;
