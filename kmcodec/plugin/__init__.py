"""Serve Pillow: how a file is shown as an image, its frames, and images that are saved."""
