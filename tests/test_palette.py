"""Operations on palettes."""

import numpy as np

from kmcodec.palette import color_palette, drop_unused, sort_entries

PALETTE = np.array([[9, 9, 9], [1, 2, 3], [7, 7, 7], [1, 2, 3]], np.uint8)
INDICES = np.array([[3, 3, 0], [0, 3, 0]], np.uint8)


def test_drop_unused_keeps_the_order():
    """Entries no pixel uses go; the others stay in their order, and so do the colors."""
    palette, indices = drop_unused(PALETTE, INDICES)

    assert palette.tolist() == [[9, 9, 9], [1, 2, 3]]
    assert (palette[indices] == PALETTE[INDICES]).all()


def test_sort_entries_merges_duplicates():
    """Entries become distinct and ascending; the colors stay."""
    palette, indices = sort_entries(PALETTE, INDICES)

    assert palette.tolist() == [[1, 2, 3], [7, 7, 7], [9, 9, 9]]
    assert (palette[indices] == PALETTE[INDICES]).all()


def test_indices_shrink_with_the_palette():
    """Indices of more than 256 colors are uint16, and uint8 again when fewer are left."""
    palette = np.zeros((300, 3), np.uint8)
    indices = np.array([[299, 0]], np.uint16)

    assert drop_unused(palette, indices)[1].dtype == np.uint8


def test_gray_palettes_become_colors():
    """Gray is repeated for red, green and blue; alpha stays alpha."""
    gray = np.array([[5], [6]], np.uint8)
    gray_alpha = np.array([[5, 1], [6, 2]], np.uint8)

    assert color_palette(gray).tolist() == [[5, 5, 5], [6, 6, 6]]
    assert color_palette(gray_alpha).tolist() == [[5, 5, 5, 1], [6, 6, 6, 2]]
    assert color_palette(PALETTE) is PALETTE
