from numpy import float64, int32, intp, uint16, uint64
from numpy.typing import NDArray

def assign_nearest(
    codes: NDArray[uint64],
    points: NDArray[uint16],
    masks: NDArray[uint16],
    centroids: NDArray[float64],
    candidates: NDArray[int32],
    ranges: NDArray[intp],
    labels: NDArray[int32],
) -> None: ...
