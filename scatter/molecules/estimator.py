"""Scattering of molecules, each as charge densities in a box that fits it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.molecules.density import KINDS, aligned, box, check_kinds, densities, nearest, scale_apart
from scatter.molecules.molecule import read_molecules
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.harmonic import HarmonicScattering3D
from scatter.transforms.intake import Columns, Learnt, Part, Planner, Symmetry
from scatter.transforms.plan import Plan
from scatter.transforms.validation import check_positive

Box = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Molecules:
    """An intake of molecules, which become densities in boxes of their own.

    Parameters
    ----------
    scale : float, optional
        Voxels in a unit of length; None is learnt.
    width : float
        Standard deviation of the Gaussians, voxels.
    kinds : tuple of str
        The densities.
    around : float
        Voxels between an atom and the nearest face of its box, at least.
    """

    scale: float | None
    width: float
    kinds: tuple[str, ...]
    around: float

    tabular: ClassVar[bool] = False

    @property
    def stateless(self) -> bool:
        """Whether there is no scale to learn."""
        return self.scale is not None

    def geometry(self, learnt: Learnt | None) -> None:
        """None, as each molecule has its own box."""

    def call(self, x: Any, learnt: Learnt | None, planner: Planner) -> tuple[Plan, NDArray[np.float32]]:
        """Densities (kinds, D, H, W) of one molecule, and the plan for its box."""
        (part,) = self.parts([x], learnt, planner, lambda X: None)
        return part.plan, part.x

    def learn(self, X: Any, planner: Planner, columns: Columns) -> Learnt:
        """How many voxels are in a unit of length."""
        molecules = read_molecules(X)
        planner(None)
        scale = self.scale
        if scale is None:
            scale = scale_apart(min(nearest(molecule.positions) for molecule in molecules), self.width)
        return Learnt(None, self.kinds, {"scale_": scale, "channels_": list(self.kinds)}, scale)

    def parts(self, X: Any, learnt: Learnt | None, planner: Planner, columns: Columns) -> Iterator[Part]:
        """Molecules one after the other, those in boxes of one size together."""
        molecules = read_molecules(X)
        scale = self.scale if learnt is None else learnt.detail
        if scale is None:
            raise InputError(
                "no scale is known yet; call fit with all molecules, or type "
                "MolecularScattering(scale=...), the number of voxels in a unit of length"
            )
        placed = [aligned(molecule.numbers, molecule.positions) * scale for molecule in molecules]
        boxes = [box(np.ptp(R, axis=0) + 2 * self.around) for R in placed]
        for place in sorted(range(len(molecules)), key=boxes.__getitem__):
            plan = planner(boxes[place])
            plan.admit(len(self.kinds), 4)
            numbers = molecules[place].numbers[None]
            try:
                x = densities(numbers, placed[place][None], boxes[place], width=self.width, kinds=self.kinds)
            except InputError as error:
                raise InputError(f"molecule {place}: {error}") from None
            yield Part(plan, x[0], [place])

    def symmetry(self, plan: Plan, geometry: Box, rng: np.random.Generator) -> Symmetry:
        """A shift of a box, which is periodic."""
        shift = tuple(int(rng.integers(side)) for side in geometry)
        return Symmetry(geometry, lambda u, resolution: np.roll(u, shift, (-3, -2, -1)))


class MolecularScattering(ScatteringTransformer):
    """Solid harmonic scattering of molecules: features that no motion of a molecule changes.

    A molecule becomes three charge densities, a Gaussian at every atom, in a box of voxels that fits it.
    What is kept are integrals of powers of their scattering, see `HarmonicScattering3D`. They are smooth
    functions of the positions, the same for a molecule that is moved, turned or mirrored and for atoms in
    another order, and a linear regression of them predicts energies.

    Parameters
    ----------
    J : int, default=2
        Largest scale, an exponent of two.
    L : int, default=3
        Largest degree l, from 0 to 12.
    sigma_0 : float, optional
        Width of the finest wavelet, voxels; None is ``width``.
    max_order : int, default=2
        Largest number of wavelets on a path, 0 or more.
    integral_powers : sequence of float, default=(0.5, 1.0, 2.0, 3.0)
        The powers, each above 0.
    scale : float, optional
        Voxels in a unit of length. None is learnt by `fit`: with it, the Gaussians of the two nearest atoms
        of all molecules overlap by a tenth, see `voxels_per_length`.
    width : float, default=2.0
        Standard deviation of the Gaussians, voxels. 1 is eight times as fast and a little less exact.
    kinds : tuple of {'full', 'valence', 'core'}, default=('full', 'valence', 'core')
        The densities: charges of the nuclei, of the electrons in the outer shell, and the difference. The
        last two are known up to argon.
    margin : float, default=5.0
        Widths ``sigma_0 2**J`` of the coarsest wavelet between an atom and the nearest face of its box. That
        a box is periodic changes integrals of powers from 1 on by 0.2 per cent at 5, and by 10 at 3; those of
        the power 0.5, which counts the faintest tails, by 3 and by 30. A constant share of all molecules does
        little harm to a regression.
    log, ratios : bool or float, default=False
        See `HarmonicScattering3D`.
    out_type : {'array', 'list', 'dict'}, default='array'
        What a call returns; see `HarmonicScattering3D`.
    executor : {'auto', 'array', 'compiled'}, default='auto'
        What runs the transform; see `HarmonicScattering3D`.
    n_jobs : int, optional
        Threads of the compiled executor; None is all the processors that this process may use.

    Attributes
    ----------
    scale_ : float
        Voxels in a unit of length.
    channels_ : list of str
        The densities.

    Raises
    ------
    InputError
        If a parameter is out of its range, an element is unknown, or a box is too large for this machine.

    Notes
    -----
    Samples are molecules in a list: `Molecule`, pairs of atomic numbers or symbols and positions, or
    ``Atoms`` of ASE. `transform` gives a row for each, in float32; a call on one molecule gives an array
    (densities, paths, powers).

    References
    ----------
    Eickenberg, Exarchakis, Hirn & Mallat, "Solid harmonic wavelet scattering: predicting quantum molecular
    energy from invariant descriptors of 3D electronic densities", NeurIPS 2017.

    Examples
    --------
    >>> from scatter.molecules import MolecularScattering, Molecule
    >>> water = Molecule("O H H".split(), [[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
    >>> monoxide = Molecule([6, 8], [[0, 0, 0], [0, 0, 1.13]])
    >>> S = MolecularScattering(J=1, L=1, width=1.0).fit([water, monoxide])
    >>> S.transform([water, monoxide]).shape
    (2, 84)
    >>> print(S.get_feature_names_out()[-1])
    core: sum(||x*psi[j=0,l=1]|*psi[j=1,l=1]|**3)
    """

    def __init__(
        self,
        J: int = 2,
        L: int = 3,
        sigma_0: float | None = None,
        max_order: int = 2,
        *,
        integral_powers: tuple[float, ...] = (0.5, 1.0, 2.0, 3.0),
        scale: float | None = None,
        width: float = 2.0,
        kinds: tuple[str, ...] = KINDS,
        margin: float = 5.0,
        log: bool | float = False,
        ratios: bool | float = False,
        out_type: str = "array",
        executor: str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.J = J
        self.L = L
        self.sigma_0 = sigma_0
        self.max_order = max_order
        self.integral_powers = integral_powers
        self.scale = scale
        self.width = width
        self.kinds = kinds
        self.margin = margin
        self.log = log
        self.ratios = ratios
        self.out_type = out_type
        self.executor = executor
        self.n_jobs = n_jobs

    def _make_intake(self) -> Molecules:
        width, margin = check_positive("width", self.width), check_positive("margin", self.margin)
        scale = None if self.scale is None else check_positive("scale", self.scale)
        bank = self._volumes().bank
        around = max(margin * bank.sigma(bank.J), 4 * width)
        return Molecules(scale, width, check_kinds(self.kinds), around)

    def _make_plan(self, sides: Box | None) -> Plan:
        return self._volumes()._make_plan(sides)

    def _volumes(self) -> HarmonicScattering3D:
        """The transform of densities."""
        return HarmonicScattering3D(
            self.J,
            None,
            self.L,
            self.width if self.sigma_0 is None else self.sigma_0,
            self.max_order,
            integral_powers=self.integral_powers,
            log=self.log,
            ratios=self.ratios,
            executor=self.executor,
            n_jobs=self.n_jobs,
        )


__all__ = ["MolecularScattering", "Molecules"]
