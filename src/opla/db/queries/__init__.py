"""The database's functions as typed Python calls: the only place with SQL strings.

Every call is one statement in its own transaction (autocommit): when it returns, it is committed.
"""
