def test_x(database):
    print(database.connect("preparer").execute("select count(*) from ledger.account").fetchone())
