"""The recipes for other libraries, run where these are installed."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from helpers import gradient

import kmcodec

RECIPES = Path(__file__).resolve().parent.parent / "tools" / "examples" / "recipes"
LIBRARIES = {path.stem: path.stem.split("_")[0] for path in RECIPES.glob("*.py")}


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_recipe_makes_the_picture_it_was_given(name, tmp_path):
    """It reads a .kmq through its library, and writes it through that again."""
    if find_spec(LIBRARIES[name]) is None:
        pytest.skip(f"{LIBRARIES[name]} is not installed")
    pixels = gradient(30, 20)
    kmcodec.save(pixels, tmp_path / "a.kmq")
    code = [sys.executable, RECIPES / f"{name}.py", "a.kmq", "b.kmq"]
    subprocess.run(code, cwd=tmp_path, check=True, timeout=120)

    assert (kmcodec.decode(tmp_path / "b.kmq") == pixels).all()
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) <= 16


def test_recipes_are_listed():
    """The table has each script."""
    text = (RECIPES / "README.md").read_text("utf-8")

    assert len(LIBRARIES) >= 3
    assert all(f"[`{name}.py`]({name}.py)" in text for name in LIBRARIES)
