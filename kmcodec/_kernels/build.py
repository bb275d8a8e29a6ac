"""How setuptools builds the kernels: one clear sentence if there is no C compiler."""

from setuptools import Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, ExecError, PlatformError


class BuildKernels(build_ext):
    """``build_ext`` whose failure names the cause."""

    def build_extension(self, ext: Extension) -> None:
        try:
            super().build_extension(ext)
        except (CompileError, ExecError, PlatformError, OSError) as error:
            raise SystemExit(
                f"kmcodec needs a working C compiler to build {ext.name}: {error}"
            ) from None
