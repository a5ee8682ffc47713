"""zbarimg, a reader of codes that nobody here wrote, set as a counter's scanner is: to the kinds printed there.

With every kind on, it now and then sees a short number in the dots of a QR code whose signature fell that way.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

QR = "qrcode"
BARCODE = "code128"
_NOTHING_SEEN = 4

wanted = pytest.mark.skipif(
    shutil.which("zbarimg") is None, reason="zbarimg is not installed, and nobody else reads codes here: zbar-tools"
)


def scanned(picture: bytes | Image.Image, folder: Path, *kinds: str, raw: bool = True) -> str:
    """What it reads from a picture, one code after the other; not `raw`, each behind the name of its kind."""
    path = folder / "scanned.png"
    if isinstance(picture, bytes):
        path.write_bytes(picture)
    else:
        picture.save(path)
    chosen = ["-Sdisable", *(f"-S{kind}.enable" for kind in kinds or (QR,))]
    words = ["zbarimg", "-q", *(["--raw"] if raw else []), *chosen, str(path)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert run.returncode in (0, _NOTHING_SEEN), run.stderr
    return run.stdout.rstrip("\n")
