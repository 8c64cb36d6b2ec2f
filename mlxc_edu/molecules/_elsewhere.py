"""Names that others know: the molecules of ASE's G2 set and their formulas, SMILES, PubChem's.

What was taken for a name is said on stderr. PubChem is asked only where a name says so: nobody's
typing error goes over the network.
"""

from __future__ import annotations

import re
import sys
import urllib.error
import urllib.parse
import urllib.request

from ._ase import from_ase
from ._stated import Stated
from ._xyz import Geometry

PUBCHEM = "https://pubchem.ncbi.nlm.nih.gov/rest/pug"
SECONDS = 10  # that PubChem is waited for
SEED = 26  # of RDKit's first positions
_FORMULA = re.compile(r"([A-Z][a-z]?\d*)+")
_SMILES = re.compile(r"[A-Za-z0-9@+\-\[\]()=#%/\\.:]+")
_ASKED = re.compile(r"pubchem:\s*(.+)", re.IGNORECASE)


def elsewhere(name: str) -> tuple[Geometry, Stated] | None:
    """The molecule of one word that another source knows, if one does."""
    if asked := _ASKED.fullmatch(name):
        return _pubchem(asked[1].strip())
    return _g2(name) or _smiles(name)


def looks_like_smiles(name: str) -> bool:
    """A word that only a SMILES explains: a chain of elements, with its rings or branches."""
    return bool(_SMILES.fullmatch(name) and re.match(r"[BCNOPSFIbcnops\[]", name))


def _g2(name):
    if not re.fullmatch(r"[\w-]+", name):
        return None
    try:
        from ase.build import molecule
        from ase.collections import g2
        from ase.formula import Formula
    except ImportError:
        return None
    known = {n.lower(): n for n in g2.names}.get(name.lower())
    if known is None and _FORMULA.fullmatch(name):
        asked = _counted(name, Formula)
        alike = [n for n in g2.names if Formula(str(g2[n].symbols)).count() == asked]
        if len(alike) > 1:
            raise ValueError(f"{name!r} is the formula of {', '.join(alike)}: say which")
        known = next(iter(alike), None)
    if known is None:
        return None
    return _taken(name, f"{known} of ASE's G2 set (MP2/6-31G* geometry)", from_ase(molecule(known)))


def _counted(name, formula) -> dict[str, int]:
    try:
        return formula(name, strict=True).count()
    except ValueError:  # an element that is none
        return {}


def _smiles(name):
    if not _SMILES.fullmatch(name):
        return None
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem import rdDistGeom, rdForceFieldHelpers, rdMolDescriptors
    except ImportError:
        return None
    with rdBase.BlockLogs():
        bare = Chem.MolFromSmiles(name)
        if bare is None:
            return None
        if len(Chem.GetMolFrags(bare)) > 1:
            raise ValueError(f"the SMILES {name!r} is of several pieces: where do they lie?")
        mol = Chem.AddHs(bare)
        if rdDistGeom.EmbedMolecule(mol, randomSeed=SEED):
            raise ValueError(f"RDKit reads the SMILES {name!r} and finds no place for its atoms")
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol):
            rdForceFieldHelpers.MMFFOptimizeMolecule(mol)
    positions = mol.GetConformer().GetPositions().tolist()
    atoms = [(a.GetSymbol(), (x, y, z)) for a, (x, y, z) in zip(mol.GetAtoms(), positions)]
    unpaired = sum(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms())
    stated = [("charge", Chem.GetFormalCharge(mol), "")]
    stated += [("multiplicity", unpaired + 1, "")] if unpaired else []
    formula = rdMolDescriptors.CalcMolFormula(mol)
    said = f"the SMILES of {formula} (geometry of RDKit's force field: optimise it)"
    return _taken(name, said, (atoms, Stated(stated)))


def _pubchem(name):
    try:
        from ase.data.pubchem import parse_pubchem_raw
    except ImportError as error:
        raise ValueError("PubChem's answers are read by ASE: pip install ase") from error
    address = f"{PUBCHEM}/compound/name/{urllib.parse.quote(name)}/sdf?record_type=3d"
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        known = "knows no positions of" if error.code == 404 else f"answers {error.code} for"
        raise ValueError(f"PubChem {known} {name!r}") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise ValueError(f"PubChem cannot be asked for {name!r}: {reason}") from error
    atoms, said = parse_pubchem_raw(text)
    atoms.set_initial_charges(None)  # a force field's
    charge = ("charge", int(said.get("PUBCHEM_TOTAL_CHARGE", 0)), "")
    what = f"{said.get('PUBCHEM_MOLECULAR_FORMULA')}, compound {said['PUBCHEM_COMPOUND_CID']}"
    what += " of PubChem (a force field's geometry: optimise it)"
    return _taken(name, what, (from_ase(atoms)[0], Stated([charge])))


def _taken(name, what, found):
    print(f"{name!r} is taken for {what}", file=sys.stderr)
    return found
