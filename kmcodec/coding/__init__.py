"""Code palettes, indices, frames and metadata to the sections of a file, and back."""
