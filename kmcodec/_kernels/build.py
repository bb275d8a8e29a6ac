"""How setuptools builds the kernels: one clear sentence if there is no C compiler."""

import os

from setuptools import Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, ExecError, PlatformError


class BuildKernels(build_ext):
    """``build_ext`` whose failure names the cause, and where CFLAGS may choose an optimization."""

    def build_extension(self, ext: Extension) -> None:
        if "-O" in os.environ.get("CFLAGS", ""):  # the flags of an extension would come after it
            args = ext.extra_compile_args
            ext.extra_compile_args = [arg for arg in args if not arg.startswith(("-O", "-g"))]
        try:
            super().build_extension(ext)
        except (CompileError, ExecError, PlatformError, OSError) as error:
            raise SystemExit(
                f"kmcodec needs a working C compiler to build {ext.name}: {error}"
            ) from None
