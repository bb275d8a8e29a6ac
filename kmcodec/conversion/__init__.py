"""Convert one picture, still or moving, between .kmq and any format that Pillow knows."""
