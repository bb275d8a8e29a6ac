from typing import TypeVar

from numpy import int64, uint8, uint16, uint32, uint64
from numpy.typing import NDArray

Entry = TypeVar("Entry", uint8, uint16, uint32)

def mark_children(
    pixels: NDArray[uint8], channel: int, nodes: NDArray[uint32], bitmap: NDArray[uint64]
) -> None: ...
def count_before(bitmap: NDArray[uint64], before: NDArray[uint32]) -> int: ...
def list_children(bitmap: NDArray[uint64], children: NDArray[uint32]) -> None: ...
def enter_children(
    pixels: NDArray[uint8],
    channel: int,
    bitmap: NDArray[uint64],
    before: NDArray[uint32],
    nodes: NDArray[uint32],
) -> None: ...
def tally(positions: NDArray[uint32], counts: NDArray[int64]) -> None: ...
def look_up(table: NDArray[Entry], positions: NDArray[uint32], out: NDArray[Entry]) -> None: ...
