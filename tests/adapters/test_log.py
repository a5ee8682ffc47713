"""The other side's evidence survives what computers do to files, and counts by plain sums."""

from __future__ import annotations

from pathlib import Path

import pytest

from opla.counterparts.entries import Entry
from opla.counterparts.log import Log, LogError, facts, read

ONE: Entry = {"what": "operator.given", "at_ms": 1, "reference": "r1"}
TWO: Entry = {"what": "operator.given", "at_ms": 2, "reference": "r2"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    kept = tmp_path / "log.jsonl"
    log = Log(kept)
    log.append([ONE])
    log.append([TWO, ONE])
    log.close()
    return kept


def test_a_line_torn_anywhere_drops_its_whole_change_and_nothing_before_it(path: Path) -> None:
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        assert read(path) == [ONE]
        log = Log(path)
        assert log.entries == [ONE]
        assert path.read_bytes() == whole[:first]
        log.append([TWO])
        log.close()
        assert read(path) == [ONE, TWO]


def test_a_last_line_of_rubbish_is_dropped_as_torn(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\x00\x00\x00\n")
    log = Log(path)
    assert log.entries == [ONE, TWO, ONE]
    log.close()


def test_rubbish_before_the_last_line_is_never_skipped(path: Path) -> None:
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(LogError, match="line 1"):
        read(path)


def test_a_disk_that_refuses_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, before = Log(path), path.read_bytes()

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            log.append([TWO])
    assert path.read_bytes() == before
    log.append([TWO])
    log.close()
    assert read(path)[-1] == TWO


def test_facts_count_every_giving_even_one_too_many(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    asked: Entry = {"what": "operator.accepted", "at_ms": 0, "reference": "r1", "kind": "code"}
    log.append([{**asked, "face_minor": 1500, "currency": "EUR"}, ONE, ONE])
    made: Entry = {"what": "payment.created", "at_ms": 0, "id": "p1", "reference": "q1", "currency": "EUR"}
    captured: Entry = {"what": "payment.captured", "at_ms": 1, "id": "p1", "amount_minor": 1500}
    log.append([made, captured, captured])
    log.append([{"what": "payment.refunded", "at_ms": 2, "id": "p1", "amount_minor": 700, "reference": "f1"}])
    log.close()
    found = facts(tmp_path / "log.jsonl")
    assert found.sends["r1"].given == 2
    assert (found.payments["p1"].captured_minor, found.payments["p1"].kept_minor) == (3000, 2300)
    assert found.refunds == {"f1": 700}


def test_no_log_is_no_facts(tmp_path: Path) -> None:
    assert not facts(tmp_path / "none").sends
