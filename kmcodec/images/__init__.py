"""Read what callers give, Pillow images and arrays: pixels, alpha, color profiles, metadata."""
