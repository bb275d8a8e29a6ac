"""Pixels to a palette and indices: the palette is chosen, and each pixel mapped to it."""
