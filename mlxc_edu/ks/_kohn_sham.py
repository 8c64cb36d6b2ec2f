"""A method's name and a molecule become a PySCF mean-field object."""

from __future__ import annotations

import warnings

import numpy as np
from pyscf import gto, lib
from pyscf.data import elements

from ..molecules import real_atoms, require_molecule
from ._plain import plain
from .methods import GhostsApart, canonical_name, is_learned, libxc_code, split_dispersion

_LAST_TRAINED = "Ar"
_warned: set[str] = set()


def KS(
    mol: gto.Mole,
    xc: str = "PBE",
    *,
    unrestricted: bool = False,
    restricted: bool = False,
    precision: str = "float32",
    occupations=None,
    holder=None,
):
    """A PySCF Kohn–Sham object for a functional named as papers name it.

    Parameters
    ----------
    mol : the molecule. PySCF's ghosts (``"ghost-O"``, ``"X-H"`` in ``gto.M``) have basis functions
        and grid points and nothing else.
    xc : a learned functional (``"DM21"``, ``"DM21m"``, ``"DM21mc"``, ``"DM21mu"``), any libxc name
        (``"PBE"``, ``"B3LYP"``, ``"ωB97X"``, ``"TPSS"``, ``"0.5*HF+0.5*B88,LYP"``), ``"LDA"``
        (Slater exchange with VWN5 correlation) or ``"HF"``. Case does not matter. The suffix
        ``"-D3BJ"`` adds dispersion with the parameters fitted for the functional; DM21, DM21m,
        DM21mc and DM21mu take B3LYP's, as their publication does. ``"ωB97X-D3BJ"``,
        ``"ωB97M-D3BJ"`` and ``"B97M-D3BJ"`` are the functionals of that name, ωB97X-V, ωB97M-V and
        B97M-V with D3(BJ) in place of VV10.
    unrestricted : use UKS even when no electron is unpaired.
    restricted : use ROKS in place of UKS when electrons are unpaired.
    precision : ``"float32"`` or ``"float64"``, of a learned functional's network and local
        exchange. Features and energies are float64 either way.
    occupations : fractional electrons. A pair, electrons of spin α and of spin β: ``(9, 8.5)``
        leaves half an electron in the next orbital. Or a pair of lists, what the lowest orbitals of
        each spin hold. ``"half"`` divides the highest pair of a closed shell between its highest
        occupied and its lowest empty orbital; ``"annealed"`` cools Fermi's distribution to zero.
        They stay what they are while ``kernel()`` minimises the energy.
    holder : which orbital holds the fraction: by default the next by energy; the name of an
        irreducible representation of ``mol`` (``"B1u"``); or an orbital, (nao,), to which it has
        the largest overlap.

    Returns
    -------
    An object of a subclass of PySCF's RKS, UKS or ROKS, not yet run. Its ``kernel()`` goes
    downhill where it doubts that it ended in a minimum (``curvature`` is the lowest that it saw),
    and warns where it did not converge or stayed on a saddle (``saddle``; not converged then).

    Raises
    ------
    ValueError : the functional is unknown (the message lists near names), or a learned one cannot
        take this molecule (Cartesian basis functions, effective core potentials; PySCF's
        pseudopotentials it takes, with a warning); occupations that
        the basis has no room for, a holder that does not exist.
    FileNotFoundError : a learned functional's weights are missing; the message gives the command
        that gets them.
    """
    require_molecule(mol)
    name = canonical_name(xc)
    if unrestricted and restricted:
        raise ValueError("an object is unrestricted or restricted, not both")
    if occupations is not None:
        return _occupied(mol, name, unrestricted, restricted, precision, occupations, holder)
    if holder is not None:
        raise ValueError("holder= says where the fraction of occupations= sits; give both")
    if restricted:
        kind = "ROKS" if mol.spin else "RKS"
    else:
        # UKS even for one electron and for HF: PySCF's own one-electron shortcut ignores
        # occupations.
        kind = "UKS" if mol.spin or unrestricted else "RKS"
    return _object(mol, name, kind, precision)


def _occupied(mol, name, unrestricted, restricted, precision, occupations, holder):
    from .occupations import ANNEALED, occupation_numbers, occupy

    if isinstance(occupations, str) and occupations.strip().lower() == ANNEALED:
        same = mol.spin == 0
        occupations = ANNEALED
    else:
        occupations = occupation_numbers(mol, occupations)
        same = np.array_equal(*occupations)
    fractions = np.empty(0) if occupations is ANNEALED else occupations.sum(axis=1) % 1
    if holder is not None and not fractions.any():
        raise ValueError("holder= names the orbital of one fraction, and there is none to hold")
    if restricted and not same:
        raise ValueError("restricted orbitals hold as much of spin α as of spin β")
    kind = "RKS" if same and not unrestricted else "UKS"
    return occupy(_object(mol, name, kind, precision), occupations, holder)


def _object(mol, name, kind, precision):
    if is_learned(name):
        return _learned(mol, name, kind, precision)
    mf = plain(mol, kind, libxc_code(name))
    if split_dispersion(name)[1]:
        mf.disp = "d3bj"
    if len(real_atoms(mol)) < mol.natm:
        mf = lib.set_class(mf, (GhostsApart, mf.__class__))
    return mf


def _learned(mol, name, kind, precision):
    from .learned import LearnedRKS, LearnedROKS, LearnedUKS, learned

    if precision not in ("float32", "float64"):
        raise ValueError(f"precision is 'float32' or 'float64', not {precision!r}")
    if mol.cart:
        raise ValueError(
            f"{name} needs spherical basis functions: build the molecule with cart=False"
        )
    if len(mol._ecpbas):
        raise ValueError(
            f"{name} needs all electrons, and this basis comes with an effective core potential; "
            "take an all-electron basis"
        )
    if mol._pseudo:
        warnings.warn(
            f"{name} was made for all electrons, and here pseudopotentials stand for the cores; "
            "notebook 11 shows what that costs",
            stacklevel=4,
        )
    plain, dispersion = split_dispersion(name)
    functional = learned(plain, precision)
    _warn_of_heavy_elements(mol, plain)
    kinds = {"RKS": LearnedRKS, "UKS": LearnedUKS, "ROKS": LearnedROKS}
    return kinds[kind](mol, name, functional, dispersion=bool(dispersion))


def _warn_of_heavy_elements(mol, name) -> None:
    heavy = {mol.atom_pure_symbol(i) for i in range(mol.natm)} - {"Ghost"}
    heavy = {s for s in heavy if elements.charge(s) > elements.charge(_LAST_TRAINED)} - _warned
    if heavy:
        _warned.update(heavy)
        warnings.warn(
            f"{', '.join(sorted(heavy))}: {name}'s exact fractional-electron data end at "
            f"{_LAST_TRAINED} and its molecules are of light main-group elements; beyond them it "
            "extrapolates",
            stacklevel=5,
        )
