"""`python writer.py ADDRESS`: writes into one server, whatever it is, one row after another, until it is killed.

A line on stdout for every row whose commit was told, and for every time it was refused, with the machine's clock.
"""

from __future__ import annotations

import json
import sys
import time

import psycopg


def main(address: str) -> None:
    n = 0
    while True:
        try:
            with psycopg.connect(address, connect_timeout=5, autocommit=True) as connection:
                while True:
                    n += 1
                    connection.execute("INSERT INTO scale_test VALUES (%s)", [n])
                    tell(row=n)
                    time.sleep(0.05)
        except psycopg.Error as problem:
            tell(refused=str(problem).strip().splitlines()[0])
            time.sleep(0.2)


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps({**what, "at": time.monotonic()}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
