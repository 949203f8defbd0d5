import time
from datetime import date, timedelta
def test_bench(books, ledger_line):
    kinds = ["charge.posted","remit.paid","remit.cas.contractual","remit.cas.patient_resp","payer.deposit.received"]
    ev=[ledger_line(f"e{i}", kinds[i%5], f"{100+i%977}.{i%100:02d}", day=date(2026,2,1)+timedelta(days=i%270), entity=("NLH","NPG")[i%2], facility=("MAIN","EAST")[(i//2)%2], payer_class=("commercial","medicare","medicaid")[i%3]) for i in range(50000)]
    adm=books.database.admin(); adm.execute(f"alter database {books.database.settings.name} set track_functions='all'"); books.roles.clear()
    def stats():
        books.roles.clear(); time.sleep(1.2)
        for r in adm.execute("select funcname, calls, round(total_time), round(self_time) from pg_stat_user_functions order by self_time desc limit 12").fetchall(): print('   ', r)
        adm.execute('select pg_stat_reset()')
    books.demand(ev)
    books.by("transform").execute("analyze marts.fct_ledger_line")
    t=time.time(); print("propose", books.propose(), time.time()-t)
    [c.close() for c in books.roles.values()]; stats()
    t=time.time(); print("approve", books.approve(), time.time()-t)
    [c.close() for c in books.roles.values()]; stats()
    t=time.time(); print("sendable", len(books.sendable()), time.time()-t)
    ids=books.sendable()
    t=time.time(); [books.holds(i) for i in ids[:200]]; print("200 hold_reasons", time.time()-t)
    t=time.time(); [books.send(i) for i in ids]; print("begin_sending all", len(ids), time.time()-t)
    ls=[books.lines_of(i) for i in ids]
    t=time.time(); [books.record_posted(i,l) for i,l in zip(ids,ls)]; print("record_posted all", time.time()-t)
    t=time.time(); print("propose again", books.propose(), time.time()-t)
    ev=[e for i,e in enumerate(ev) if i%10]
    books.demand(ev)
    t=time.time(); print("propose 10% gone", books.propose(), time.time()-t)
    t=time.time(); print(books.ask("auditor","select * from ledger.verify_chain()"), time.time()-t)
    t=time.time(); print(books.ask("auditor","select * from ledger.verify_entries()"), time.time()-t)
