"""Where the counterparts live: `var/sandbox/` with their log, lock, address and the secret shared with the shop."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path


def folder(var: Path) -> Path:
    """`var/sandbox`, made when missing, for its owner's eyes only."""
    path = var / "sandbox"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def log_path(var: Path) -> Path:
    return var / "sandbox" / "log.jsonl"


def trial_path(var: Path) -> Path:
    """What came in for the stand-ins of real providers and suppliers."""
    return var / "sandbox" / "trial.jsonl"


def secret(var: Path) -> str:
    """The bearer secret between shop and counterparts, made at first use. Two makers at once agree on one."""
    path = folder(var) / "secret"
    if not path.exists():
        draft = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32), encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # somebody else was first, and theirs counts
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def address(var: Path) -> str | None:
    """Where the counterparts listen, or listened last; None when they never ran. `lock` tells whether they do now."""
    try:
        found = json.loads((var / "sandbox" / "address.json").read_text(encoding="utf-8"))
        return str(found["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_address(var: Path, url: str) -> None:
    """Tell the others, in one step: nobody ever reads half an address."""
    path = folder(var) / "address.json"
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({"url": url}) + "\n", encoding="utf-8")
    draft.replace(path)


def lock(var: Path) -> int | None:
    """The lock of the one server that may write here, as an open file; None when another process holds it."""
    held = os.open(folder(var) / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held
