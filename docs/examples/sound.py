"""
A sound
=======

A chirp, a tone whose loudness trembles, and a click: what order 1 and order 2 say of each.
"""

import matplotlib.pyplot as plt
import numpy as np

from scatter import Scattering1D
from scatter.plot import coefficient_maps, scattergram

# %%
# Two seconds at 4,096 samples a second. The chirp rises from 100 to 800 Hz during the first second; the
# tone of 1,000 Hz trembles 22 times a second during the second one; the click comes after 0.5 seconds.

rate = 4096
time = np.arange(2 * rate) / rate
chirp = np.sin(2 * np.pi * (100 * time + 350 * time**2)) * (time < 1)
tremolo = 0.7 * np.sin(2 * np.pi * 1000 * time) * (1 + np.cos(2 * np.pi * 22 * time)) * (time >= 1)
x = (chirp + tremolo).astype("float32")
x[rate // 2] += 8

# %%
# Twelve wavelets an octave separate frequencies; the average lasts 128 samples, that is 31 milliseconds.
# Given the sampling rate, the transform counts in seconds and Hz.

S = Scattering1D(J=9, shape=x.size, Q=12, T=128, sampling_rate=rate)
print(S(x).shape, "every", S.times[1] - S.times[0], "seconds")

scattergram(S, x, fig=plt.figure(figsize=(8, 6.5)))
plt.show()

# %%
# In order 1 the chirp is a rising line, the tone a level one, and the click a column through all the
# frequencies: the shorter a wavelet, the shorter the time over which it sees the click. Order 2 is the
# spectrum of the envelopes: below the tone stands its tremolo, at 22 Hz, and the click has all frequencies
# at once.
#
# The tremolo without the picture
# -------------------------------
#
# The table names every path and its frequencies. Among the paths whose first wavelet is nearest to 1,000
# Hz, the largest second-order coefficient after the first second is that of the second wavelet nearest to
# 22 Hz.

table = S.table()
second = [place for place, order in enumerate(table["order"]) if order == 2]
first = min((table["xi_hz"][place][0] for place in second), key=lambda f: abs(f - 1000))
family = [place for place in second if table["xi_hz"][place][0] == first]
late = S(x)[:, S.times > 1.2].mean(-1)
for place in family:
    f1, f2 = table["xi_hz"][place]
    print(f"{f1:7.1f} Hz, {f2:6.1f} Hz: {late[place]:.4f}  {table['path'][place]}")

# %%
# Lines
# -----
#
# The same coefficients of order 1 as lines, with eight wavelets an octave and a coarser average.

S = Scattering1D(J=8, shape=x.size, Q=8, sampling_rate=rate)
coefficient_maps(S, x, fig=plt.figure(figsize=(8, 5)))
plt.show()
