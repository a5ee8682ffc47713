"""Which catalogue is sold from: versions in the database, seeded once from YAML, changed only by approval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db import IntegrityError, transaction

from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog, Change, diff, parse
from opla.core.refusal import Code, Refusal
from opla.db.models import CatalogVersion
from opla.db.queries.catalog import active_version
from opla.operations import four_eyes
from opla.operations.read_catalog import read_catalog, read_country


def active() -> tuple[int, Catalog]:
    """The version that is sold from, and the catalogue itself."""
    version = active_version()
    if version is None:
        raise LookupError("there is no catalogue yet: run ./opla up, or ./opla catalog import FILE")
    return version, at_version(version)


@lru_cache(maxsize=16)
def at_version(version: int) -> Catalog:
    """A catalogue as it was: versions never change, so each is parsed once."""
    return parse(CatalogVersion.objects.values_list("document", flat=True).get(id=version))


def made_at(version: int) -> datetime:
    """When a version was made: the date of what is said from it."""
    found: datetime = CatalogVersion.objects.values_list("made_at", flat=True).get(id=version)
    return found


def seed(*, sandbox: bool, at: datetime) -> bool:
    """Fill an empty database from the files; False when there is a catalogue already.

    The invented figures of the sample file are laid over the sourced ones beside the sandbox only.
    """
    if CatalogVersion.objects.exists():
        return False
    document = read_country("belgium", sandbox=sandbox)
    try:
        with transaction.atomic():
            CatalogVersion.objects.create(
                made_at=at, made_by="system", state="active", note="first start", document=document
            )
    except IntegrityError:
        return False  # another process was first
    return True


def propose(actor: Actor, path: Path, *, sandbox: bool, at: datetime) -> tuple[int, list[Change]] | Refusal:
    """Read a file and keep it as a proposal, with what it would change. Nothing is sold from it yet.

    Raises `CatalogFileError` with every mistake when the file cannot be used.
    """
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    sample = path.with_suffix(".sample.yaml") if sandbox and path.with_suffix(".sample.yaml").exists() else None
    document = read_catalog(path, sample)
    changes = diff(_active_document(), document)
    made = CatalogVersion.objects.create(
        made_at=at, made_by=str(actor), state="proposed", note=path.name, document=document
    )
    return made.pk, changes


def approve(actor: Actor, version: int) -> Refusal | None:
    """Sell from a proposed version from now on. Quotes made before keep the version they were made from."""
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    with transaction.atomic():
        proposed = CatalogVersion.objects.select_for_update().filter(id=version, state="proposed").first()
        if proposed is None:
            return Refusal(Code.NOT_FOUND, "version", {"version": str(version)})
        if proposed.base is not None and proposed.base != active_version():
            return Refusal(Code.CATALOGUE_CHANGED, "version")  # what was approved meanwhile would be undone
        if no := four_eyes.alone(actor, Act.CHANGE_CATALOGUE, proposed.made_by):
            return no
        CatalogVersion.objects.filter(state="active").update(state="retired")
        proposed.state = "active"
        proposed.save(update_fields=["state"])
    return None


def _active_document() -> Mapping[str, object]:
    found: Mapping[str, object] | None = (
        CatalogVersion.objects.filter(state="active").values_list("document", flat=True).first()
    )
    return found or {}
