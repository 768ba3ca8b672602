r"""
Filter banks
============

The wavelets of both transforms, and how evenly they cover the frequencies.

For real signals the sum

.. math:: A(\omega) = |\widehat{\phi}(\omega)|^2
          + \frac{1}{2} \sum_\lambda \bigl(|\widehat{\psi_\lambda}(\omega)|^2
          + |\widehat{\psi_\lambda}(-\omega)|^2\bigr)

says what part of the energy at a frequency the filters keep together. Its extreme values are the frame
bounds. Where the sum is above 1 the filters amplify; where it is 0 they are blind.
"""

import matplotlib.pyplot as plt

from scatter import Scattering1D, Scattering2D
from scatter.plot import filter_bank

# %%
# Signals, one wavelet an octave
# ------------------------------
#
# Wide in frequency, short in time: a wavelet has one or two oscillations. Banks like this follow
# transients, and stand at order 2 by default.

S = Scattering1D(J=6, shape=1024, Q=1)
filter_bank(S.frame, fig=plt.figure(figsize=(9, 4.6)))
print(S.frame.bounds())
plt.show()

# %%
# Signals, eight wavelets an octave
# ---------------------------------
#
# Narrow in frequency, long in time: neighbouring tones are told apart. Below the lowest constant-Q wavelet,
# seven more of equal width lead down to the low-pass. The sum falls close to 0 next to the highest
# frequency, half a cycle per sample, because a Morlet wavelet there would see positive and negative
# frequencies at once.

S = Scattering1D(J=6, shape=1024, Q=8)
filter_bank(S.frame, log_frequency=True, fig=plt.figure(figsize=(9, 4.6)))
print(S.frame.bounds())
plt.show()

# %%
# Images
# ------
#
# Every scale has :math:`L` directions over half a turn. The low-pass, in the middle of the plane of
# frequencies, has the size of the coarsest wavelets.

S = Scattering2D(J=3, shape=(64, 64), L=8)
filter_bank(S.frame, fig=plt.figure(figsize=(10, 5.6)))
print(S.frame.bounds())
plt.show()

# %%
# Bounds of other banks
# ---------------------

for J in (2, 4):
    for L in (4, 8, 16):
        lower, upper = Scattering2D(J, (64, 64), L).frame.bounds()
        print(f"2D  J={J}  L={L:2}   A = {lower:.3f}   B = {upper:.3f}")
for Q in (1, 2, 8, 16):
    lower, upper = Scattering1D(8, 2048, Q).frame.bounds()
    print(f"1D  J=8  Q={Q:2}   A = {lower:.1e} B = {upper:.3f}")
