"""`./opla` itself, without the package index: a made-up copy whose packages are this interpreter's."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make_copy(folder: Path, *, lock: str = "# nothing\n", made_of: str | None = None) -> Path:
    """A copy of Opla with a finished .venv, as if `lock` (or what it was `made_of`) had been installed there."""
    (folder / "requirements").mkdir(parents=True)
    (folder / "requirements" / "runtime.txt").write_text(lock)
    shutil.copy(ROOT / "opla", folder / "opla")
    (folder / "src").symlink_to(ROOT / "src")
    venv = folder / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    (venv / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    packages = venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    packages.parent.mkdir(parents=True)
    packages.symlink_to(sysconfig.get_path("purelib"))
    digest = hashlib.sha256((made_of or lock).encode()).hexdigest()
    (venv / "opla-runtime.stamp").write_text(f"{sys.version_info[0]}.{sys.version_info[1]} {digest}\n")
    return folder / "opla"


def run(script: Path, *words: str, cwd: Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {"PATH": path or os.environ["PATH"], "HOME": str(cwd), "PYTHONHOME": "/nonexistent"}
    return subprocess.run([str(script), *words], cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_it_runs_from_any_folder_through_a_link_with_spaces_and_chinese(tmp_path: Path) -> None:
    script = make_copy(tmp_path / "my shop" / "充值 l'été, 50%")
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / "json.py").write_text("raise SystemExit('a file beside the person was imported')")
    (elsewhere / "link").symlink_to(script)
    done = run(elsewhere / "link", cwd=elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: ./opla" in done.stdout
    assert not (elsewhere / "var").exists()


@pytest.mark.parametrize("mark", ['"', "$", "`", "\\", ":", "\n"])
def test_a_path_that_cannot_work_is_refused_in_words(mark: str, tmp_path: Path) -> None:
    folder = tmp_path / f"a{mark}b"
    folder.mkdir()
    shutil.copy(ROOT / "opla", folder)
    done = run(folder / "opla", "topup", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert "Please move the folder" in done.stderr
    assert json.loads(done.stdout)["refusal"]["code"] == "path_unusable"
    assert [path.name for path in folder.iterdir()] == ["opla"]


def _tools(folder: Path, *names: str) -> str:
    """A PATH that holds these programs and no others."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name, path="/usr/bin:/bin")
        assert found is not None
        (folder / name).symlink_to(found)
    return str(folder)


def test_a_missing_python_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    shutil.copy(ROOT / "opla", tmp_path / "clone")
    path = _tools(tmp_path / "bin", "dirname", "readlink", "mkdir", "sh")
    done = run(tmp_path / "clone" / "opla", "topup", "--json", cwd=tmp_path, path=path)
    assert done.returncode == 1
    assert "Python 3.11 or newer was not found" in done.stderr
    assert json.loads(done.stdout)["refusal"]["code"] == "python_missing"


def test_packages_that_cannot_be_fetched_are_said_in_words_and_the_old_ones_stay(tmp_path: Path) -> None:
    # --no-index: the answer is the same as without a network, and nobody is asked.
    lock = f"--no-index\nopla-no-such-package==1 --hash=sha256:{'0' * 64}\n"
    script = make_copy(tmp_path / "clone", lock=lock, made_of="another lock")
    done = run(script, "topup", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert "could not be installed" in done.stderr
    assert json.loads(done.stdout)["refusal"]["code"] == "packages_missing"
    assert (tmp_path / "clone" / ".venv" / "opla-runtime.stamp").exists()
