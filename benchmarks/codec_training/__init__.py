"""Training of the codec's context networks; needs PyTorch and $SCATTER_DATA/photos/train."""
