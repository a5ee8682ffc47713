"""Only a server that takes writes is asked, whatever the address says; and one that takes none any more is left."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from fakes import START
from opla.db.queries import metrics
from opla.db.queries.call import BROKEN
from opla.db.reached import reached
from opla.site.settings import database


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///opla",
        "postgresql://opla_app:a%40b@db1:5432,db2:5433,db3/opla",
        "postgresql://opla_app@/opla?host=db1,db2&connect_timeout=2",
    ],
)
def test_every_connection_asks_for_the_primary_and_gives_a_silent_one_up(url: str) -> None:
    options = database(url)["OPTIONS"]
    assert isinstance(options, dict)
    assert options["target_session_attrs"] == "read-write"
    assert options["tcp_user_timeout"] == "10000"
    assert options["connect_timeout"] == ("2" if "timeout" in url else "5")
    assert reached(reached(url)) == reached(url)


def test_an_address_of_several_servers_is_read_whole() -> None:
    read = database("postgresql://opla_app:a%40b@db1:5432,db2:5433,db3/opla?sslmode=require")
    assert (read["HOST"], read["PORT"], read["NAME"]) == ("db1,db2,db3", "5432,5433,", "opla")
    assert (read["USER"], read["PASSWORD"]) == ("opla_app", "a@b")


@pytest.mark.parametrize("kind", ["any", "standby", "prefer-standby", "read-only"])
def test_an_address_that_asks_for_a_copy_is_refused(kind: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="reads the primary alone"):
        database(f"postgresql://db1,db2/opla?target_session_attrs={kind}")


def test_a_server_that_takes_no_writes_any_more_is_left_and_the_next_call_asks_another(db: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    with pytest.raises(BROKEN):
        metrics.beat("web", "a host", 1, "0", at=START)
    assert connection.connection is None
    metrics.beat("web", "a host", 1, "0", at=START)
