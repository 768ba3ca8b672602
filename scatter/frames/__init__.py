"""Wavelet frames: linear, equivariant layers, one family of wavelets a file."""
