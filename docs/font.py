#!/usr/bin/env python3
"""Remake the font of the receipts from Noto Sans CJK SC: fewer characters, no hints, under a name of our own.

    python3 -m venv /tmp/font && /tmp/font/bin/pip install fonttools==4.68.0
    /tmp/font/bin/python docs/font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

The collection is Debian's package fonts-noto-cjk. It holds: GB2312 level 1 (the 3,755 commonest characters), Latin with
the letters of Europe, and whatever else stands in our locales and catalogues. Run it when
`tests/surfaces/test_receipts.py` names a character that is missing. The same input gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

ROOT = Path(__file__).resolve().parents[1]
FONT = ROOT / "src" / "opla" / "presenting" / "fonts" / "opla-sans.otf"
NAME = "Opla Sans"
#: The face of the collection with the shapes of mainland China.
FACE = "Noto Sans CJK SC"
LATIN = [
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2028), *range(0x2030, 0x203B), *range(0x2190, 0x219A),
    0x20AC, 0x2212, 0x2713,
]  # fmt: skip
#: What Noto does not draw, and what is drawn instead.
NEAREST = {0x25BE: 0x25BC}
CHINESE = [*range(0x3000, 0x3018), *range(0xFF00, 0xFF5F)]


def gb2312() -> set[str]:
    """Its signs (row 1) and level 1 (rows 16 to 55, of which the last holds 89)."""
    return {
        bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312")
        for row in (1, *range(16, 56))
        for cell in range(1, 95)
        if (row, cell) < (55, 90)
    }


def spoken() -> set[str]:
    """Every character of our own texts."""
    texts = [*ROOT.glob("src/opla/locale/*/LC_MESSAGES/django.po"), *ROOT.glob("catalogs/*.yaml")]
    return {letter for path in texts for letter in path.read_text("utf-8")}


def main() -> None:
    collection = TTCollection(sys.argv[1])
    font = next(one for one in collection.fonts if one["name"].getDebugName(1) == FACE)
    font.recalcTimestamp = False  # the same input gives the same bytes
    options = subset.Options(
        hinting=False, layout_features=["kern", "locl"], name_IDs=[0, 1, 2, 4, 5, 6, 13, 14], notdef_outline=True,
        glyph_names=False, drop_tables=["VORG", "vhea", "vmtx", "BASE", "DSIG"],
    )  # fmt: skip
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[*LATIN, *CHINESE, *NEAREST.values(), *(ord(letter) for letter in gb2312() | spoken())])
    cut.subset(font)
    for name_id, text in ((1, NAME), (4, NAME), (6, NAME.replace(" ", "")), (3, NAME)):
        font["name"].setName(text, name_id, 3, 1, 0x409)
    for table in font["cmap"].tables:
        table.cmap |= {missing: table.cmap[near] for missing, near in NEAREST.items() if near in table.cmap}
    top = font["CFF "].cff
    top.fontNames = [NAME.replace(" ", "")]
    top.topDictIndex[0].FamilyName = top.topDictIndex[0].FullName = NAME
    FONT.parent.mkdir(exist_ok=True)
    font.save(FONT)
    sys.stdout.write(f"{FONT.relative_to(ROOT)}: {len(font.getBestCmap())} characters, {FONT.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
