from numpy import float64, int32, intp, uint16, uint64
from numpy.typing import NDArray

def grow_tree(
    codes: NDArray[uint64],
    points: NDArray[uint16],
    waiting: NDArray[int32],
    nodes: NDArray[int32],
    boxes: NDArray[uint16],
) -> int: ...
def assign_nearest(
    points: NDArray[uint16],
    nodes: NDArray[int32],
    boxes: NDArray[uint16],
    centroids: NDArray[float64],
    candidates: NDArray[int32],
    waiting: NDArray[intp],
    labels: NDArray[int32],
) -> None: ...
