-- Everybody of finance reads the ledger; each acts on it through the functions of his role only.
grant usage on schema ledger to :prefix_transform, :prefix_preparer, :prefix_approver,
    :prefix_poster, :prefix_auditor;
grant select on all tables in schema ledger to :prefix_transform, :prefix_preparer,
    :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.hold_reasons(bigint), ledger.sendable(integer),
    ledger.verify_chain(), ledger.verify_entries(), ledger.signatures(bigint),
    ledger.has_open_period(text, date)
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;

grant execute on function ledger.propose(text), ledger.record_cutoff(text, date)
    to :prefix_preparer;
grant execute on function ledger.approve_by_policy(text) to :prefix_policy;
grant execute on function ledger.approve(bigint, text),
    ledger.refuse(bigint, text, text, date), ledger.release(bigint),
    ledger.set_period(text, date, text, text)
    to :prefix_approver;
grant execute on function ledger.begin_sending(bigint), ledger.resume_sending(bigint),
    ledger.record_posted(bigint, text, text, jsonb, text, date),
    ledger.record_read_back(bigint, text, text, jsonb),
    ledger.record_rejected(bigint, text), ledger.record_unknown(bigint, text),
    ledger.record_erp_balance(text, date, jsonb),
    ledger.mirror_period(text, date, date, text, text)
    to :prefix_poster;
