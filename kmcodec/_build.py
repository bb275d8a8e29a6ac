"""How setuptools builds the extensions: flags by compiler, several at once, clear failures."""

import os
from pathlib import Path
from typing import Final

from setuptools import Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, ExecError, PlatformError

FLAGS: Final = {"msvc": ["/O2"]}
# No contraction of floats, so that all machines have the same bytes; no debug information, which
# takes half the time to compile.
OTHER_FLAGS: Final = ["-O3", "-g0", "-ffp-contract=off"]


class BuildExtensions(build_ext):
    """``build_ext`` that compiles on all cores, and whose failure names the cause."""

    def build_extensions(self) -> None:
        """Translate Cython one by one, then compile at once."""
        from Cython.Build import cythonize

        for ext in self.extensions:
            ext.sources = cythonize([ext], quiet=True)[0].sources  # type: ignore[no-untyped-call]
            ext.depends = [str(path) for path in Path(ext.sources[0]).parent.glob("*.h")]
            if "-O" not in os.environ.get("CFLAGS", ""):  # it would come before, and not count
                ext.extra_compile_args = FLAGS.get(self.compiler.compiler_type, OTHER_FLAGS)
        self.parallel = self.parallel or os.cpu_count()
        super().build_extensions()

    def build_extension(self, ext: Extension) -> None:
        """Compile one."""
        try:
            super().build_extension(ext)
        except (CompileError, ExecError, PlatformError, OSError) as error:
            raise SystemExit(
                f"kmcodec needs a working C compiler to build {ext.name}: {error}"
            ) from None
