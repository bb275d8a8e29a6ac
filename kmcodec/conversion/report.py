"""Report what became of a picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from .faults import Exit, FileError, plural
from .places import shown
from .task import Task

if TYPE_CHECKING:
    from PIL import Image

    from kmcodec.codec import Quantized
    from kmcodec.frames import FramesInfo

Status = Literal["converted", "copied", "skipped", "planned", "failed"]


class Fault(TypedDict):
    """Why a conversion failed.

    Attributes:
        code: the exit code.
        name: the file that it is about, which may be the input, the output, or another one.
        message: one sentence.
    """

    code: int
    name: str
    message: str


@dataclass(frozen=True)
class Report:
    """A report of what was done, as ``--json`` tells it.

    Attributes:
        input: the name of the input.
        output: that of the output; None if it failed before that was known.
        status: what became of it; "planned" in a dry run.
        reason: why it was skipped or copied.
        error: why it failed.
        warnings: one line each.
        format: of the output, in Pillow's word; None, as all that follows, unless it was converted.
        width: of the picture.
        height: of the picture.
        mode: of the picture, in Pillow's word.
        frames: how many.
        input_bytes: of the input.
        bytes: of the output.
        larger: whether the output has more bytes than the input, or would have had.
        colors: of a .kmq, as the next two; None for other formats.
        psnr: in dB; None if exact, too.
        exact: whether nothing was lost.
        loss: what was lost, in words, if that was to be described.
        seconds: that it took.
    """

    input: str
    output: str | None
    status: Status
    reason: str | None = None
    error: Fault | None = None
    warnings: tuple[str, ...] = ()
    format: str | None = None
    width: int | None = None
    height: int | None = None
    mode: str | None = None
    frames: int | None = None
    input_bytes: int | None = None
    bytes: int | None = None
    larger: bool | None = None
    colors: int | None = None
    psnr: float | None = None
    exact: bool | None = None
    loss: str | None = None
    seconds: float = 0.0

    @classmethod
    def failed(cls, task: Task, error: FileError) -> Report:
        """Report a failure."""
        fault = Fault(code=int(error.code), name=error.name, message=str(error))
        return cls(task.input, task.output, "failed", error=fault)

    @property
    def code(self) -> int:
        """The exit code."""
        return self.error["code"] if self.error else Exit.OK

    def showing(self, image: Image.Image, shown: Quantized | FramesInfo | None) -> Report:
        """Add what an image or frames became, quantized or in a format of Pillow's."""
        return replace(
            self,
            width=image.width,
            height=image.height,
            mode=image.mode,
            colors=len(shown.palette) if shown else None,
            psnr=shown.psnr if shown and not shown.is_exact else None,
            exact=shown.is_exact if shown else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the report as values that JSON has, without the passwords of URLs."""
        output = None if self.output is None else shown(self.output)
        return asdict(self) | {"input": shown(self.input), "output": output}

    def text(self) -> str:
        """Return the report as one line."""
        text = self.status if self.reason is None else f"{self.status}: {self.reason}"
        if self.status == "converted":
            text = f"{', '.join(self._facts())}, {self.seconds:.2f} s"
        return f"{text} -> {shown(self.output or '')}"

    def _facts(self) -> list[str]:
        assert self.width
        assert self.height
        assert self.frames
        assert self.bytes is not None
        share = 100 * self.bytes / (3 * self.width * self.height * self.frames)
        frames = f", {plural(self.frames, 'frame')}," if self.frames > 1 else ""
        parts = [
            f"{self.width}x{self.height} {self.mode}{frames} to {self.format} of "
            f"{plural(self.bytes, 'byte')}",
            f"{share:.1f} % of 24 bits a pixel",
        ]
        if self.frames > 1:
            parts += [f"{self.bytes / self.frames:,.0f} bytes a frame"]
        if self.larger and self.input_bytes is not None:
            parts += [f"larger than the input of {plural(self.input_bytes, 'byte')}"]
        if self.colors is not None:
            parts += [plural(self.colors, "color")]
            parts += ["exact" if self.exact else f"PSNR {self.psnr:.2f} dB"]
        return parts
