"""Turn pixels into a palette and indices: choose the palette, and map each pixel to it."""
