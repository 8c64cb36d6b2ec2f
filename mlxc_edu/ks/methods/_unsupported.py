"""What PySCF offers for its own functionals and a learned one cannot do: refused, in a sentence.

PySCF's integrator does not know a learned functional, and parts of PySCF would silently use another
one in its place. So every such road is closed by name, and the integrator's own place is taken by
an object that answers no question at all.
"""

from __future__ import annotations

EXCITED = "excited states"
POST_SCF = "a correlated wavefunction on top"
REFERENCE = "turning it into another kind of mean field"
SOLVENT = "a solvent model"
RELATIVITY = "relativistic corrections"

ROUTES = {
    **dict.fromkeys(("TDA", "TDDFT", "TDHF", "dTDA", "dRPA", "TDDFTNoHybrid"), EXCITED),
    **dict.fromkeys(("CasidaTDDFT", "ADC", "GW", "RPA"), EXCITED),
    **dict.fromkeys(("MP2", "DFMP2", "CISD", "QCISD", "CCSD", "CCSDT", "CCSDTQ", "FCI"), POST_SCF),
    **dict.fromkeys(("CASCI", "CASSCF"), POST_SCF),
    **dict.fromkeys(("to_hf", "to_rhf", "to_uhf", "to_ghf", "to_gks", "to_ks"), REFERENCE),
    **dict.fromkeys(("to_rks", "to_uks", "convert_from_", "to_gpu"), REFERENCE),
    **dict.fromkeys(("PCM", "SMD", "DDCOSMO", "ddCOSMO", "DDPCM", "ddPCM", "PE"), SOLVENT),
    **dict.fromkeys(("x2c", "x2c1e", "sfx2c1e"), RELATIVITY),
    "Hessian": "second derivatives with respect to the nuclei",
    "NMR": "magnetic shieldings",
    "SSC": "spin–spin coupling",
    "EFG": "electric field gradients by perturbation",
    "Polarizability": "polarisabilities by perturbation",
    "get_vsap": "a superposition of atomic potentials",
    "init_guess_by_vsap": "a superposition of atomic potentials",
    "multigrid_numint": "multigrid integration",
    "define_xc_": "another functional in the same object",
}


def _refusing(name: str, what: str, whose: str):
    def method(self, *args, **kwargs):
        raise NotImplementedError(f"{what} ({name}) is not available with {whose or self.xc}")

    method.__name__ = name
    return method


def refuses_other_routes(whose: str = "", **others: str):
    """Class decorator: the methods of :data:`ROUTES`, and others, raise NotImplementedError.
    ``whose`` says what cannot do it; by default it is the functional."""

    def decorate(cls: type) -> type:
        for name, what in {**ROUTES, **others}.items():
            setattr(cls, name, _refusing(name, what, whose))
        return cls

    return decorate


class NoIntegrator:
    """Stands where PySCF keeps its own integrator."""

    def __init__(self, xc: str):
        self.xc = xc

    def __getattr__(self, name):
        if name.startswith("__") or name == "xc":  # copying and pickling ask for these
            raise AttributeError(name)
        raise NotImplementedError(
            f"PySCF's own integrator cannot evaluate {self.xc}; this route (it asked for {name!r}) "
            "is not available with a learned functional"
        )
