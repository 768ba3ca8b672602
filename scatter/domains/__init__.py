"""Geometry: where signals live, how they are padded and sampled."""
