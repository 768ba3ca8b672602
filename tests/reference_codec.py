"""A decoder of compressed images, written from `docs/codec_format.md` alone.

It shares nothing with the package but the stored model: what it decodes is what another program would that
was written from the page. It is made to be read, not to be fast. Comments name the sections of the page.
"""

import zlib
from bisect import bisect
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import accumulate, pairwise, permutations, product

import numpy as np

f32 = np.float32


@cache
def model(identity):  # "The models": the arrays of one of them
    with (resources.files("scatter") / "codec" / "models" / f"{identity:04x}.npz").open("rb") as stream:
        arrays = dict(np.load(stream, allow_pickle=False))
    crc = 0
    for name in sorted(arrays):
        little = arrays[name].astype(arrays[name].dtype.newbyteorder("<"))
        crc = zlib.crc32(little.tobytes(), zlib.crc32(name.encode(), crc))
    assert crc % 2**16 == identity
    return arrays


def ints(name, *index):
    return File.model[name][index].astype(np.int64)


def check(data):  # "Conventions"
    return (zlib.crc32(data) % 2**16).to_bytes(2, "little")


class File:  # "The file"
    def __init__(self, data):
        self.data, self.at = data, 0
        assert self.take(5) == b"\x89SWC\x01"
        File.model = model(int.from_bytes(self.take(2), "little"))
        (flags,) = self.take(1)
        self.lossless, self.depth, self.channels = flags & 1, 16 if flags & 2 else 8, (flags >> 2) % 4 + 1
        self.colours = flags >> 5
        self.shape, self.index = (self.varint(), self.varint()), self.varint() - 192
        self.tile = self.varint() if flags & 16 else 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self):
        (byte,) = self.take(1)
        return byte if byte < 128 else byte - 128 + 128 * self.varint()


def cut(side, tile):  # "Tiles": where the parts of a side start and end
    count = -(-side // tile) if tile else 1
    return list(pairwise([*(64 * round(Fraction(k * side, 64 * count)) for k in range(count)), side]))


def size(shape, j):  # "Levels"
    return tuple(-(-side // 2**j) for side in shape)


def levels(shape):
    return max((count for count in range(11) if min(size(shape, count)) >= 6), default=0)


def decode(data, reduce=0):  # "Segments"
    """The image of a file, or of enough of its beginning, halved `reduce` times."""
    file = File(data)
    rows, columns = (cut(side, file.tile) for side in file.shape)
    tiles = [(y, x, (bottom - y, right - x)) for y, bottom in rows for x, right in columns]
    counts = [levels(shape) + 1 for _, _, shape in tiles]
    places = [(tile, k - max(counts) + n) for k in range(max(counts)) for tile, n in enumerate(counts)]
    listed = [(*place, file.varint(), file.take(2)) for place in places if place[1] >= 0]
    assert check(data[: file.at]) == file.take(2)
    streams = [b""] * len(tiles)
    for tile, number, length, expected in listed:
        segment = file.take(length)
        if number < counts[tile] - reduce:
            assert check(segment) == expected
            streams[tile] += segment
    out = np.zeros((*size(file.shape, reduce), file.channels), f"uint{file.depth}")
    for (y, x, shape), stream in zip(tiles, streams, strict=True):
        part = pixels(Tile(stream, shape, file).decode(reduce), file)
        out[y >> reduce :, x >> reduce :][: part.shape[0], : part.shape[1]] = part
    return out[..., 0] if file.channels == 1 else out


# "Steps": the mantissas without their 1; "Steps of bands": the rows without the level.
MANTISSAS = """
    0000000000000 059b0d3158574 0b5586cf9890f 11301d0125b51 172b83c7d517b 1d4873168b9aa 2387a6e756238
    29e9df51fdee1 306fe0a31b715 371a7373aa9cb 3dea64c123422 44e086061892d 4bfdad5362a27 5342b569d4f82
    5ab07dd485429 6247eb03a5585 6a09e667f3bcd 71f75e8ec5f74 7a11473eb0187 82589994cce13 8ace5422aa0db
    93737b0cdc5e5 9c49182a3f090 a5503b23e255d ae89f995ad3ad b7f76f2fb5e47 c199bdd85529c cb720dcef9069
    d5818dcfba487 dfc97337b9b5f ea4afa2a490da f50765b6e4540"""
NORMS = """
0x1.66f08f96b6753p+0 0x1.71492c037ad87p+0 266 184     0x1.03e339984b8a3p+1 0x1.f7898cff86115p+0 408 236
0x1.73594b6dcc51ep+1 0x1.712472b7d72acp+1 747 406     0x1.0760d51246022p+2 0x1.0970fb3f1d51fp+2 1460 779
0x1.74c4c936c67b7p+2 0x1.7941f109b3428p+2 2902 1542   0x1.07a3ebdfd2b59p+3 0x1.0b1c16f6421d8p+3 5796 3075
0x1.74d7fd961eb53p+3 0x1.79c00cdcbb653p+3 11591 6150  0x1.07a3ebdfd2b59p+4 0x1.0b1c16f6421d8p+4 23182 12299
0x1.74d7fd961eb53p+4 0x1.79c00cdcbb653p+4 46365 24598 0x1.07a3ebdfd2b59p+5 0x1.0b1c16f6421d8p+5 92729 49196"""
HL, LH, HH, LL = range(4)


class Plane:  # "Planes"
    def __init__(self, file, number):
        colours = file.channels >= 3
        self.guides = range(number) if colours and number in (1, 2) else ()
        self.kind, self.past = "chroma" if self.guides else "luma", []
        self.lossless, self.step, self.feature = file.lossless, 1.0, 0
        if not self.lossless:
            index = file.index + (0, -2, 4, 0)[number] * colours
            octave, n = divmod(index + 32 * (file.depth - 8), 32)
            self.step = float.fromhex(f"0x1.{MANTISSAS.split()[n]}") * 2.0**octave
            self.feature = min(max(index // 4, 0), 127)

    def delta(self, j, band):  # "Steps of bands"
        if self.lossless or j == 0:
            return f32(self.step)
        low, detail = map(float.fromhex, NORMS.split()[4 * j - 4 : 4 * j - 2])
        return f32(self.step / {HL: low * detail, LH: low * detail, HH: detail * detail, LL: low * low}[band])

    def logarithms(self, q, j, band):  # "Logarithms"
        m = abs(q)
        if self.lossless:
            m = (m * int(NORMS.split()[4 * j - (1 if band == HH else 2)]) + 128) >> 8
        return np.sign(q) * ints("magnitudes")[np.minimum(m, 2047)]


# "Numbers": the first values, and how many raw bits.
FIRST = [*range(16), *((2 + k % 2) * 2 ** (3 + k // 2) for k in range(32))]
RAW = [*[0] * 16, *(3 + k // 2 for k in range(32))]


def cumulative(weights):  # "Frequencies"
    """Where the frequencies of each symbol start, and 2^24."""
    found = [1 + (2**24 - len(weights)) * w // sum(weights) for w in weights]
    found[weights.index(max(weights))] += 2**24 - sum(found)
    return [0, *accumulate(found)]


class RangeDecoder:  # "The range decoder"
    def __init__(self, stream):
        self.stream, self.at, self.low, self.range = stream, 0, 0, 2**64 - 1
        self.point = 2**32 * self.word() + self.word()

    def word(self):
        self.at += 4
        return int.from_bytes(self.stream[self.at - 4 : self.at], "little")

    def symbol(self, left):
        scale = self.range // 2**24
        quantile = (self.point - self.low) % 2**64 // scale
        assert quantile < 2**24
        s = bisect(left, quantile) - 1
        self.low = (self.low + scale * left[s]) % 2**64
        self.range = scale * (left[s + 1] - left[s])
        if self.range < 2**32:
            self.low, self.range = 2**32 * self.low % 2**64, 2**32 * self.range
            self.point = (2**32 * self.point + self.word()) % 2**64
        return s

    def raw(self, bits):
        return self.symbol(range(0, 2**24 + 1, 2 ** (24 - bits)))

    def group(self, tables, classes):  # "Groups"
        out = np.zeros(len(classes), np.int64)
        for c in np.unique(classes):
            table = tables[c]
            for i in np.flatnonzero(classes == c):
                out[i] = self.symbol(table)
        return out

    def numbers(self, tables, classes):  # "Numbers"
        symbols = self.group(tables, classes)
        return np.array([FIRST[s] + (self.raw(RAW[s]) if RAW[s] else 0) for s in symbols], np.int64), symbols


class Adaptive:  # "Adaptive tables"
    def __init__(self, stored, prior, spread):
        self.prior, self.sides = prior * ints(stored), (-1, 1) if spread else ()
        self.counts = np.zeros_like(self.prior)

    def __getitem__(self, c):
        return cumulative((self.prior[c] + 2**16 * self.counts[c]).tolist())

    def count(self, classes, symbols):
        np.add.at(self.counts, (classes, symbols), 2)
        for side in self.sides:
            inside = (classes + side >= 0) & (classes + side < len(self.counts))
            np.add.at(self.counts, (classes[inside] + side, symbols[inside]), 1)
        self.counts[self.counts.sum(axis=1) > 2**20] //= 2


# "Steps of a level": stride, row, column and band of each.
PLACES = {4: [(0, 0), (2, 2), (0, 2), (2, 0)], 2: [(1, 1), (0, 1), (1, 0)]}
STEPS = [(stride, *place, band) for stride in PLACES for place in PLACES[stride] for band in range(3)]
RANK = {}  # "Neighbours": of a position modulo 4 and a band
for step, (stride, row, column, band) in enumerate(STEPS):
    RANK |= {(y, x, band): step for y in range(row, 4, stride) for x in range(column, 4, stride)}


def known(k):  # turn, square of the distance, dy and dx
    stride, row, column, band = STEPS[k]
    reach = range(-4, 5, stride // 2)
    disc = [(dy * dy + dx * dx, dy, dx) for dy in reach for dx in reach]
    own, other = ([place for place in disc if place[0] <= most] for most in {4: (20, 8), 2: (10, 2)}[stride])
    other += [(4, -2, 0), (4, 2, 0), (4, 0, -2), (4, 0, 2)] if stride == 2 else []
    every = [(turn, *place) for turn in range(3) for place in (other if turn else own)]
    found = [n for n in every if RANK[(row + n[2]) % 4, (column + n[3]) % 4, (band + n[0]) % 3] < k]
    return sorted(found, key=lambda neighbour: (neighbour[0] > 0, neighbour[1]))


KNOWN = [[(t, dy, dx) for t, _, dy, dx in known(k)] for k in range(21)]
NEAR = [[(t, dy, dx) for t, d, dy, dx in known(k) if d <= 2 * STEPS[k][0]] for k in range(21)]

# "Contexts": the lists of offsets; "Inputs of ...": where each network looks at the maps of differences.
NINE = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
FIVE, ONE = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)], [(0, 0)]
MAPS = {"dx": [(0, 0), (0, -1), (0, 1), (1, 0), (-1, 0)], "dy": [(0, 0), (-1, 0), (1, 0), (0, 1), (0, -1)]}
MAPS |= {"ex": [(0, 0), (1, 0), (-1, 0)], "ey": [(0, 0), (0, 1), (0, -1)], "xy": [(0, 0), (-1, 0), (0, -1)]}
SIGN_MAPS = {"dx": NINE, "dy": NINE, "ex": FIVE, "ey": FIVE, "xy": [(-1, -1), (-1, 0), (0, -1), (0, 0)]}


class Level:  # "Contexts"
    """What a plane sees in a level, all of it framed: filled up to 4R x 4C, and 4 samples on each side."""

    def __init__(self, plane, j, shapes, guides):
        self.plane, self.j, self.shapes, self.guides = plane, j, shapes, guides
        R, C = self.blocks = -(-np.max(shapes, axis=0) // 4)
        self.frames, self.decoded = np.zeros((3, 4 * R + 8, 4 * C + 8), np.int64), [0, 0, 0]
        self.logs = [frame[4 : 4 + h, 4 : 4 + w] for frame, (h, w) in zip(self.frames, shapes, strict=True)]
        none = [np.zeros((1, 1), np.int64)] * 3
        grandparents, parents = [none, none, *plane.past][-2:]
        self.parents = [self.framed(p, 2) for p in parents]
        self.means = [[self.framed(p, 4) for p in grandparents], [self.mean(p, 2, 2, 4, 25) for p in parents]]
        self.means += [[self.mean(p, 4, 1, 4, 9) for p in grandparents]]
        self.activity = min(127, 2 * sum(int(abs(p).sum()) for p in parents) // (12 * R * C))
        self.maps = self.differences(plane.approximation.astype(f32) * f32(2**j / plane.step))

    def framed(self, band, times):  # a band that is coarser by `times`
        band = band.repeat(times, axis=0).repeat(times, axis=1)
        return np.pad(band, [(4, 4 + missing) for missing in 4 * self.blocks - band.shape])

    def mean(self, band, times, radius, factor, divisor):  # "Means"
        missing = 4 * self.blocks // times - band.shape
        filled = np.pad(abs(band), [(radius, radius + n) for n in missing])
        windows = np.lib.stride_tricks.sliding_window_view(filled, (2 * radius + 1, 2 * radius + 1))
        return self.framed(np.minimum(127, factor * windows.sum(axis=(2, 3)) // divisor), times)

    def differences(self, A):  # "Differences"
        _, H, W = self.frames.shape
        A = np.pad(A, [(5, H - A.shape[0]), (5, W - A.shape[1])], "edge")
        places = (0, 0), (0, 1), (1, 0), (1, 1), (0, -1), (0, 2), (-1, 0), (2, 0)
        here, x1, y1, xy, x_1, x2, y_1, y2 = (A[1 + y : 1 + y + H, 1 + x : 1 + x + W] for y, x in places)
        found = {"dx": x1 - here, "dy": y1 - here, "xy": (here + xy) - (x1 + y1)}
        found |= {"ex": (here + x1) - (x_1 + x2), "ey": (here + y1) - (y_1 + y2)}
        table = ints("differences")
        index = {m: np.minimum(f32(16) * abs(d), f32(65535)).astype(np.int64) for m, d in found.items()}
        return {m: np.where(d < 0, -1, 1) * table[index[m]] for m, d in found.items()}

    def around(self):  # "Means"
        (R, C), inner = self.blocks, abs(self.frames[:, 4:-4, 4:-4])
        return [self.mean(b, 4, 1, 1, 36) for b in inner.reshape(3, R, 4, C, 4).sum(axis=(2, 4))]

    def constants(self, turns):  # "Inputs of the network of magnitudes", 9
        scale, second = [64 * (min(self.j, 5) == n) for n in range(1, 6)], len(self.plane.guides) == 2
        known = [min(127, 4 * int(abs(self.logs[b]).sum()) // max(1, self.decoded[b])) for b in turns]
        return [*scale, self.plane.feature, self.activity, 64 * self.plane.lossless, 64 * second, *known]

    def inputs(self, k, signs):  # "Inputs of the network of magnitudes", "... of signs": a column a sample
        stride, row, column, band = STEPS[k]
        (height, width), turns = self.shapes[band], [(band + t) % 3 for t in range(3)]

        def turned(frames, times, *offsets):
            every = zip(turns, offsets, strict=True)
            return [(frames[b], times * dy, times * dx) for b, some in every for dy, dx in some]

        seen = [(self.frames[turns[t]], dy, dx) for t, dy, dx in (NEAR if signs else KNOWN)[k]]
        seen += turned(self.parents, 2, NINE, *((ONE, ONE) if signs else (FIVE, FIVE)))
        for means in [] if signs else [*self.means, self.around()]:
            seen += turned(means, 1, ONE, ONE, ONE)
        seen += [(self.maps[m], dy, dx) for m, at in (SIGN_MAPS if signs else MAPS).items() for dy, dx in at]
        for guide in self.guides:
            seen += turned(guide, 1, FIVE if signs else NINE, ONE, ONE)
        corners = [(f, slice(4 + y + row, 4 + y + height, stride), 4 + x) for f, y, x in seen]
        found = [f[rows, x + column : x + width : stride].ravel() for f, rows, x in corners]
        if not signs:
            found += [np.full_like(found[0], constant) for constant in self.constants(turns)]
        return np.array(found) if signs else abs(np.array(found))


def network(name, k, x, odd):  # "Networks"
    W1, b1, W2, b2, W3, b3 = (ints(f"{name}.{part}", k) for part in ("W1", "b1", "W2", "b2", "W3", "b3"))
    (s1, s2, s3), (c1, c2) = ints(f"{name}.shifts", k), File.model.get(f"{name}.cuts", (2047, 4095))
    u = W1[:, : ints(f"{name}.inputs", k)] @ x
    h = np.minimum(c1, np.maximum(0, np.stack([u, -u] if odd else [u]) + b1[:, None]) >> s1)
    upper = W3 @ np.minimum(c2, np.maximum(0, W2 @ h + b2[:, None]) >> s2)
    z = upper[0] - upper[1] if odd else upper[0] + b3[:, None]
    return np.clip((z + 2 ** (s3 - 1)) >> s3, -32767, 32767)


class Tile:
    def __init__(self, stream, shape, file):
        self.decoder, self.count = RangeDecoder(stream), levels(shape)
        self.planes = [Plane(file, number) for number in range(file.channels)]
        self.shapes = [size(shape, j) for j in range(self.count + 1)]
        self.flags, self.sizes = Adaptive("flags", 400, True), Adaptive("sizes", 400, True)
        self.signs = Adaptive("confidences", 128, False)

    def decode(self, stop):  # "Levels"
        for plane in self.planes:
            plane.approximation = self.coarsest(plane)
        for j, plane in product(range(self.count, stop, -1), self.planes):
            self.level(plane, j)
        return [plane.approximation for plane in self.planes]

    def coarsest(self, plane):  # "The coarsest approximation"
        k, (height, width) = self.decoder.raw(4), self.shapes[-1]
        a = [max(1, 2 ** (60 + bits) // (2**k + first) ** 3) for first, bits in zip(FIRST, RAW, strict=True)]
        table = {k: cumulative([1 + 2**20 * x // sum(a) for x in a])}
        v, _ = self.decoder.numbers(table, np.full(height * width, k))
        q = np.where(v % 2, -(v + 1) // 2, v // 2).reshape(height, width)
        q[:, 0] = np.cumsum(q[:, 0])
        q = np.clip(np.cumsum(q, axis=1), -(2**24), 2**24)
        return q if plane.lossless else q.astype(f32) * plane.delta(self.count, LL)

    def level(self, plane, j):  # "Levels"
        (H, W), (h, w) = self.shapes[j - 1 : j + 1]
        shapes = [(h, W - w), (H - h, w), (H - h, W - w)]
        guides = [self.planes[guide].frames for guide in plane.guides]
        level = Level(plane, j, shapes, [*guides, np.zeros_like(guides[0])] if len(guides) == 1 else guides)
        bands = [np.zeros(shape, np.int64 if plane.lossless else f32) for shape in shapes]
        for k, (stride, row, column, band) in enumerate(STEPS):
            place = slice(row, None, stride), slice(column, None, stride)
            shape = bands[band][place].shape
            if 0 not in shape:
                q, values = self.step(level, k)
                level.logs[band][place] = plane.logarithms(q, j, band).reshape(shape)
                level.decoded[band] += len(q)
                bands[band][place] = values.reshape(shape)
        hl, lh, hh = (value * plane.delta(j, band).astype(value.dtype) for band, value in enumerate(bands))
        low = merge(plane.approximation.T, hl.T, plane.lossless).T
        high = merge(lh.T, hh.T, plane.lossless).T
        plane.approximation, plane.frames = merge(low, high, plane.lossless), level.frames
        plane.past.append(level.logs)

    def step(self, level, k):  # "Steps of a level", "Values"
        plane = level.plane
        z = network(f"{plane.kind}.m", k, level.inputs(k, signs=False), odd=False)
        flag_class, size_class = np.clip(z[0] + 80, 0, 127), np.clip(z[1], 0, 156)
        flags = self.decoder.group(self.flags, flag_class)
        some = np.flatnonzero(flags)
        numbers, symbols = self.decoder.numbers(self.sizes, size_class[some])
        m = np.zeros_like(flags)
        m[some] = numbers + 1
        z = network(f"{plane.kind}.s", k, level.inputs(k, signs=True), odd=True)[0]
        confidence, sign = np.minimum(abs(z), 40), np.where(z > 0, -1, 1)
        likely = self.decoder.group(self.signs, confidence[some])
        sign[some] *= 2 * likely - 1
        self.signs.count(confidence[some], likely)
        self.flags.count(flag_class, flags)
        self.sizes.count(size_class[some], symbols)
        centres = ints("centres")[size_class, np.clip(m, 1, 4) - 1].astype(f32) / f32(256)
        zeros = ints("zeros")[flag_class, confidence].astype(f32) / f32(1024)
        values = np.where(
            m > 0,
            m.astype(f32) + centres,
            np.where(flag_class >= File.model.get("likely", 36), zeros, f32(0)),
        )
        return sign * m, sign * m if plane.lossless else sign.astype(f32) * values


def merge(s, d, lossless):  # "The wavelet transform"
    i, k = np.arange(len(s)), np.arange(len(d))
    before, here, after = np.maximum(i - 1, 0), np.minimum(i, len(d) - 1), np.minimum(k + 1, len(s) - 1)
    if lossless:
        s = s - ((d[before] + d[here] + 2) >> 2)
        d = d + ((s[k] + s[after]) >> 1)
    else:  # at an end a sample is doubled, which is exact
        s, d = f32(1.230174104914001) * s, f32(2 / 1.230174104914001) * d
        s = s - f32(0.443506852043971) * (d[before] + d[here])
        d = d - f32(0.882911075530934) * (s[k] + s[after])
        s = s + f32(0.052980118572961) * (d[before] + d[here])
        d = d + f32(1.586134342059924) * (s[k] + s[after])
    return np.insert(s, k + 1, d, axis=0)


def reversed_colours(a, b, c, which):
    if which:
        found = [a, a + b, c + ((a + a + b) >> 1)]
        return [found[list(permutations(range(3)))[which - 1].index(channel)] for channel in range(3)]
    t = a - (b >> 1)
    return t - (c >> 1) + c, b + t, t - (c >> 1)


def pixels(planes, file):  # "From planes to pixels"
    for number in {0, file.channels - 1} if file.channels != 3 else {0}:
        planes[number] = planes[number] + 2 ** (file.depth - 1)
    if file.channels >= 3 and file.lossless:
        planes[:3] = reversed_colours(*planes[:3], file.colours)
    elif file.channels >= 3:
        y, cb, cr = planes[:3]
        r, b = y + f32(1.402) * cr, y + f32(1.772) * cb
        planes[:3] = r, (y - f32(0.299) * r - f32(0.114) * b) * f32(1 / 0.587), b
    return np.clip(np.rint(np.stack(planes, -1)), 0, 2**file.depth - 1).astype(f"uint{file.depth}")
