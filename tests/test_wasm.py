"""The decoder for WebAssembly, in both forms, on all test vectors."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "kmq-wasm"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run ``kmq-wasm``."""
    command = [sys.executable, TOOL, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("form", [[], ["--plain"]], ids=["simd", "plain"])
def test_vectors_in_node(tmp_path: Path, form: list[str]) -> None:
    """Both forms of the module compile, and decode or refuse each vector rightly."""
    for name in ("clang", "wasm-ld", "node"):
        if not shutil.which(name):
            pytest.skip(f"{name} is not installed")
    module = tmp_path / "kmq.wasm"
    built = run("build", module, *form)
    assert built.returncode == 0, built.stderr
    checked = run("check", module)
    assert checked.returncode == 0, checked.stdout + checked.stderr
