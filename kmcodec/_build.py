"""Tell setuptools how to build: flags by compiler, one wheel for all Pythons, a whole sdist."""

import os
import sys
import sysconfig
from pathlib import Path
from threading import Lock
from typing import Final

from setuptools import Extension
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import CompileError, ExecError, PlatformError

# No contraction of floats, so that all machines have the same bytes; no debug information, which
# takes half the time to compile.
COMPILE_FLAGS: Final = ["-ffp-contract=off", "-g0"]
OPTIMIZATION: Final = {"kmcodec.libkmq.binding": "-O2", "kmcodec.libkmq.costs": "-O2"}
"""What is not -O3: that takes half as long again for libkmq, which gets no faster."""
MSVC_FLAGS: Final = ["/O2"]
LINK_FLAGS: Final = {"linux": ["-Wl,-s"]}  # no symbols but those that are exported
STABLE_ABI: Final = not sysconfig.get_config_var("Py_GIL_DISABLED")  # no GIL, no stable ABI
SOURCE_FOLDERS: Final = ("spec", "tests", "tools")
NOT_SOURCES: Final = {"__pycache__", "node_modules"}


class BuildExtensions(build_ext):
    """A ``build_ext`` that compiles on all cores, and names the cause of a failure."""

    def build_extensions(self) -> None:
        """Build several extensions at once."""
        self.translating = Lock()
        self.parallel = self.parallel or os.cpu_count()
        super().build_extensions()

    def build_extension(self, ext: Extension) -> None:
        """Translate an extension to C, which Cython does for one at a time, and compile it."""
        with self.translating:
            self._translate(ext)
        try:
            super().build_extension(ext)
        except (CompileError, ExecError, PlatformError, OSError) as error:
            raise SystemExit(
                f"kmcodec needs a working C compiler to build {ext.name}: {error}"
            ) from None

    def _translate(self, ext: Extension) -> None:
        from Cython.Build import cythonize

        (translated,) = cythonize([ext], quiet=True)  # type: ignore[no-untyped-call]
        ext.sources = translated.sources
        ext.depends = [str(path) for path in Path(translated.sources[0]).parent.glob("*.h")]
        ext.extra_link_args = LINK_FLAGS.get(sys.platform, [])
        if STABLE_ABI:
            ext.py_limited_api = True
            ext.define_macros.append(("Py_LIMITED_API", "0x030B0000"))
        if self.compiler.compiler_type == "msvc":
            ext.extra_compile_args = MSVC_FLAGS
            return
        ext.libraries = ["m"]
        if "-O" not in os.environ.get("CFLAGS", ""):  # it would come before, and not count
            ext.extra_compile_args = [*COMPILE_FLAGS, OPTIMIZATION.get(ext.name, "-O3")]
        else:
            ext.extra_compile_args = COMPILE_FLAGS


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
        wanted = [str(p) for p in paths if p.is_file() and not NOT_SOURCES.intersection(p.parts)]
        super().make_release_tree(base_dir, sorted({*files, *wanted, "CHANGELOG.md"}))
