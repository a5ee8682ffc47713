"""The catalogue of one country, as data: operators, products, rules, and how sure each figure is.

A document (plain JSON, stored whole and versioned) becomes a `Catalog` by `parse`; files are read elsewhere.
"""

from __future__ import annotations

from opla.core.catalog.cell import UNKNOWN, Cell, Shown, Sure, Texts, text_in
from opla.core.catalog.documents import Change, cells, diff, overlay
from opla.core.catalog.editing import Held, held, put, stale
from opla.core.catalog.evidence import Evidence, evidence
from opla.core.catalog.facts import Fact, FactKind, describe
from opla.core.catalog.identification import IdDocument, Identification, IdMethod, Unidentified
from opla.core.catalog.model import (
    Apn,
    Catalog,
    Method,
    MethodKind,
    Need,
    NumberBlock,
    Operator,
    Plan,
    PriceKind,
    Product,
    Status,
    check,
    sellable,
)
from opla.core.catalog.official import App, Authority, AuthorityKind, Term
from opla.core.catalog.parsing import parse
from opla.core.catalog.place import CatalogError, Problem
from opla.core.catalog.redeeming import RedeemBy, Redemption, group, redeem, tel_uri
from opla.core.catalog.rules import (
    Activation,
    AutoRenew,
    Content,
    CreditRenewal,
    EarlyRenewal,
    Length,
    NumberLife,
    PlanChange,
    Rules,
    Since,
    Starts,
)

__all__ = [
    "UNKNOWN",
    "Activation",
    "Apn",
    "App",
    "Authority",
    "AuthorityKind",
    "AutoRenew",
    "Catalog",
    "CatalogError",
    "Cell",
    "Change",
    "Content",
    "CreditRenewal",
    "EarlyRenewal",
    "Evidence",
    "Fact",
    "FactKind",
    "Held",
    "IdDocument",
    "IdMethod",
    "Identification",
    "Length",
    "Method",
    "MethodKind",
    "Need",
    "NumberBlock",
    "NumberLife",
    "Operator",
    "Plan",
    "PlanChange",
    "PriceKind",
    "Problem",
    "Product",
    "RedeemBy",
    "Redemption",
    "Rules",
    "Shown",
    "Since",
    "Starts",
    "Status",
    "Sure",
    "Term",
    "Texts",
    "Unidentified",
    "cells",
    "check",
    "describe",
    "diff",
    "evidence",
    "group",
    "held",
    "overlay",
    "parse",
    "put",
    "redeem",
    "sellable",
    "stale",
    "tel_uri",
    "text_in",
]
