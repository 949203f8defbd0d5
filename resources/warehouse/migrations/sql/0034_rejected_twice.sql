-- Two entries of one grain may have been sent, the second as the difference to the first, and the
-- ERP may reject both. Neither stands then, and each waits: for its release, or for the next
-- build, which says their sum anew and voids both. One open proposal of a grain stays the rule.
drop index ledger.one_open_proposal;
create unique index one_open_proposal on ledger.entry
    (entity_code, accounting_date, approval_class, part) where state = 'proposed';
