from numpy import int32, int64, intp, uint8, uint32
from numpy.typing import NDArray

def count_neighbors(
    plane: NDArray[int32],
    offsets: NDArray[intp],
    groups: NDArray[int32],
    counts: NDArray[uint32],
) -> None: ...
def lower_costs(
    points: NDArray[int32],
    positions: NDArray[uint32],
    nearest: NDArray[int32],
    kinds: NDArray[uint8],
    entries: NDArray[int32],
    entry_kinds: NDArray[uint8],
    lists: NDArray[int32],
    gaps: NDArray[int64],
    offsets: NDArray[intp],
    groups: NDArray[int32],
    bits: NDArray[uint8],
    rate: int,
    plane: NDArray[int32],
) -> None: ...
def sum_points(
    points: NDArray[int32],
    positions: NDArray[uint32],
    indices: NDArray[int32],
    sums: NDArray[int64],
) -> None: ...
