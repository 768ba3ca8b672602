"""An image codec: wavelets, coded from coarse to fine in contexts that small integer networks weigh."""

from scatter.codec.decoding import decode, info
from scatter.codec.encoding import encode

__all__ = ["decode", "encode", "info"]
