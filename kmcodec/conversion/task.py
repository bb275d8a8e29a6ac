"""Say what is to be converted, and how: plain values, which can be sent to other processes."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from kmcodec.format import METADATA_NAMES

IfExists = Literal["error", "skip", "overwrite", "newer"]
"""What to do where the output exists: fail, leave it, replace it, or replace one that is older."""
IfLarger = Literal["keep", "skip", "copy"]
"""What to do with an output of more bytes than the input: keep it, have none, or copy the input."""


@dataclass(frozen=True)
class Task:
    """A picture to convert.

    Attributes:
        input: a path, a URL, or ``-`` for standard input.
        output: likewise; None for the input's name with another extension.
        to: the format as an extension, where the output's name does not say it.
        if_exists: what to do where there is an output.
    """

    input: str
    output: str | None = None
    to: str | None = None
    if_exists: IfExists = "error"


@dataclass(frozen=True)
class Settings:
    """How pictures are converted.

    Attributes:
        options: of the encoder, as ``kmcodec.encode`` takes them.
        frames: which are converted; None for all.
        fps: frames a second; None for the input's durations.
        loop: how often frames are shown, 0 for ever; None for as often as the input says.
        key_interval: frames from one key frame to the next; None for the encoder's choice.
        background: RGBA, behind transparent pixels where the output format has none.
        auto_orient: whether pixels are turned as EXIF says.
        thumbnail: most pixels of a side of what is made of a .kmq, which is one picture then; None
            for all pixels of all frames.
        keep: the names of metadata to keep. Without EXIF pixels are turned as it says.
        if_larger: what to do with an output of more bytes than the input.
        preserve_times: whether the output gets the input's times of access and change.
        max_pixels: most pixels of a picture; None for Pillow's limit.
        dry_run: whether to tell what would be done, and do nothing.
        describe_loss: whether to count what colors are lost.
        make_parents: whether directories are made that the output is to be in; of many files, if
            they have a directory for outputs.
        run: what the names of temporary files begin with, so that leftovers can be found; of many
            files, an id of the run.
    """

    options: dict[str, Any] = field(default_factory=dict)
    frames: slice | None = None
    fps: Fraction | None = None
    loop: int | None = None
    key_interval: int | None = None
    background: tuple[int, ...] | None = None
    auto_orient: bool = False
    thumbnail: int | None = None
    keep: frozenset[str] = frozenset(METADATA_NAMES)
    if_larger: IfLarger = "keep"
    preserve_times: bool = False
    max_pixels: int | None = None
    dry_run: bool = False
    describe_loss: bool = False
    make_parents: bool = False
    run: str = ""

    @property
    def orients(self) -> bool:
        """Whether pixels are turned as EXIF says, by wish or as that is not kept."""
        return self.auto_orient or "exif" not in self.keep

    @property
    def encoding(self) -> dict[str, Any]:
        """The options of the encoder, which stores no metadata that is not kept."""
        return dict.fromkeys(self.dropped) | self.options

    @property
    def dropped(self) -> frozenset[str]:
        """The names of metadata that is not kept."""
        return frozenset(METADATA_NAMES) - self.keep
