from numpy import int32, int64, uint16
from numpy.typing import NDArray

def sum_clusters(
    points: NDArray[uint16],
    counts: NDArray[int64],
    labels: NDArray[int32],
    before: NDArray[int32],
    sums: NDArray[int64],
    weights: NDArray[int64],
) -> int: ...
