from numpy import float64, int32, intp, uint8, uint16, uint32
from numpy.typing import NDArray

def assign_nearest(
    codes: NDArray[uint32],
    colors: NDArray[uint8],
    masks: NDArray[uint8],
    centroids: NDArray[float64],
    candidates: NDArray[int32],
    ranges: NDArray[intp],
    labels: NDArray[int32],
) -> None: ...
def diffuse_errors(
    pixels: NDArray[uint8],
    diffused: int,
    strength: int,
    palette: NDArray[int32],
    order: NDArray[int32],
    cuts: NDArray[int32],
    errors: NDArray[int32],
    indices: NDArray[uint8 | uint16],
) -> None: ...
