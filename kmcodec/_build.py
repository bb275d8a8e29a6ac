"""Tell setuptools how to build: flags by compiler, one wheel for all Pythons, a whole sdist."""

import os
import sys
import sysconfig
from pathlib import Path
from typing import Final

from setuptools import Extension
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import CompileError, ExecError, PlatformError

COMPILE_FLAGS: Final = {"msvc": ["/O2"]}
# No contraction of floats, so that all machines have the same bytes; no debug information, which
# takes half the time to compile.
OTHER_FLAGS: Final = ["-O3", "-g0", "-ffp-contract=off"]
LINK_FLAGS: Final = {"linux": ["-Wl,-s"]}  # no symbols but those that are exported
STABLE_ABI: Final = not sysconfig.get_config_var("Py_GIL_DISABLED")  # no GIL, no stable ABI
SOURCE_FOLDERS: Final = ("spec", "tests", "tools")


class BuildExtensions(build_ext):
    """A ``build_ext`` that compiles on all cores, and names the cause of a failure."""

    def build_extensions(self) -> None:
        """Translate the Cython modules one by one, then compile all of them at once."""
        from Cython.Build import cythonize

        for ext in self.extensions:
            (translated,) = cythonize([ext], quiet=True)  # type: ignore[no-untyped-call]
            ext.sources = translated.sources
            ext.depends = [str(path) for path in Path(ext.sources[0]).parent.glob("*.h")]
            ext.extra_link_args = LINK_FLAGS.get(sys.platform, [])
            if STABLE_ABI:
                ext.py_limited_api = True
                ext.define_macros.append(("Py_LIMITED_API", "0x030B0000"))
            if "-O" not in os.environ.get("CFLAGS", ""):  # flags here would override it
                ext.extra_compile_args = COMPILE_FLAGS.get(self.compiler.compiler_type, OTHER_FLAGS)
        self.parallel = self.parallel or os.cpu_count()
        super().build_extensions()

    def build_extension(self, ext: Extension) -> None:
        """Compile one extension."""
        try:
            super().build_extension(ext)
        except (CompileError, ExecError, PlatformError, OSError) as error:
            raise SystemExit(
                f"kmcodec needs a working C compiler to build {ext.name}: {error}"
            ) from None


class BuildWheel(bdist_wheel):
    """A ``bdist_wheel`` that makes one wheel for Python 3.11 and all later ones."""

    def finalize_options(self) -> None:
        """Name the wheel after the stable ABI."""
        if STABLE_ABI:
            self.py_limited_api = "cp311"
        super().finalize_options()


class BuildSource(sdist):
    """An ``sdist`` that contains all that tests need."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Add the source folders beside the package."""
        paths = (path for folder in SOURCE_FOLDERS for path in Path(folder).rglob("*"))
        wanted = [str(p) for p in paths if p.is_file() and "__pycache__" not in p.parts]
        super().make_release_tree(base_dir, sorted({*files, *wanted, "CHANGELOG.md"}))
