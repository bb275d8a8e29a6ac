from numpy import int32, uint8, uint16
from numpy.typing import NDArray

MAX_COLORS: int
MAX_CELLS: int
ABOVE: int
BORDER: int
OK: int
ORDERED: int
UNEXPECTED_ORDER: int
BAD_PADDING: int

def encode_palette(
    palette: NDArray[uint8],
    order: NDArray[uint16],
    predicting: bool,
    unused: NDArray[int32],
    payload: NDArray[uint8],
) -> int: ...
def decode_palette(
    payload: NDArray[uint8] | bytes,
    palette: NDArray[uint8],
    order: NDArray[uint16],
    unused: NDArray[int32],
) -> int: ...
def row_bytes(width: int, colors: int) -> int: ...
def pack_indices(
    indices: NDArray[uint8 | uint16], colors: int, packed: NDArray[uint8] | bytearray
) -> int: ...
def unpack_indices(
    packed: NDArray[uint8] | bytes, colors: int, indices: NDArray[uint8 | uint16]
) -> int: ...
def check_indices(
    packed: NDArray[uint8] | bytes, rows: int, width: int, colors: int
) -> tuple[int, int, int]: ...
def unpack_pixels(
    packed: NDArray[uint8] | bytes, palette: NDArray[uint8], pixels: NDArray[uint8]
) -> int: ...
def band_memory(rows: int, width: int, colors: int) -> int: ...
def encode_band(
    indices: NDArray[uint8 | uint16],
    colors: int,
    model: int,
    memory: NDArray[uint8],
    payload: NDArray[uint8],
) -> int: ...
def decode_band(
    payload: NDArray[uint8] | bytes,
    colors: int,
    memory: NDArray[uint8],
    indices: NDArray[uint8 | uint16],
) -> int: ...
def frames_memory(rows: int, width: int, colors: int) -> int: ...
def encode_frame(
    indices: NDArray[uint8 | uint16],
    colors: int,
    is_key: bool,
    model: int,
    memory: NDArray[uint8],
    payload: NDArray[uint8],
) -> int: ...
def decode_frame(
    payload: NDArray[uint8] | bytes,
    colors: int,
    is_key: bool,
    memory: NDArray[uint8],
    indices: NDArray[uint8 | uint16],
) -> int: ...
