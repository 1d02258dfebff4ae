"""Protein targets by name: the 58 of the DOCKSTRING benchmark, and the user's own.

Garcia-Ortegon et al., "DOCKSTRING: easy molecular docking yields better benchmarks for ligand design", J. Chem. Inf.
Model. 2022, 62, 3486. Its receptors, read from the data of the installed dockstring package, are
protonated and typed PDBQT files with a box around the pocket. The user's own lie in folders, see `store`.
"""

from __future__ import annotations

import functools
import importlib.util
import math
from pathlib import Path

from sciopt.errors import ToolError, UnknownName
from sciopt.targets.proteins import store
from sciopt.targets.proteins.target import Target

__all__ = ["SOURCE", "Target", "names", "target"]

SOURCE = "DOCKSTRING 0.3.4"


def names() -> tuple[str, ...]:
    """The names of the built-in targets, in alphabetical order; `store.names` gives the user's own."""
    return tuple(sorted(_PROTEINS))


@functools.cache
def _load(name: str) -> Target:
    folder = _folder()
    center, size = _read_box(folder / f"{name}_conf.txt")
    title, group = _PROTEINS[name]
    receptor = folder / f"{name}_target.pdbqt"
    return Target.from_files(name, receptor=receptor, center=center, size=size, title=title, group=group, source=SOURCE)


def target(name: str) -> Target:
    """The target of that name, in any case, or in that folder, where the name is a path.

    Raises `UnknownName` with suggestions, `InvalidInput` for a damaged target of the user's own, `ToolError` when the
    built-in ones are missing.

    >>> target("ppard").title
    'Peroxisome proliferator-activated receptor delta'
    """
    if store.is_path(name):
        return store.at_path(name)
    wanted = name.strip().upper()
    if wanted in _PROTEINS:
        return _load(wanted)
    own = store.find(wanted)
    if own is not None:
        return own
    known = [*_PROTEINS, *store.names()]
    raise UnknownName.among("target", name, known, hint=f"`sciopt targets list` shows all {len(known)}")


def _folder() -> Path:
    spec = importlib.util.find_spec("dockstring")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        folder = Path(place, "resources", "targets")
        if folder.is_dir():
            return folder
    raise ToolError("the receptors of the DOCKSTRING targets are missing: `pip install dockstring==0.3.4` brings them")


def _read_box(path: Path) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Centre and size in A from lines such as `center_x = 16.075`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        found = {key.strip(): float(value) for key, equals, value in (line.partition("=") for line in lines) if equals}
        center = (found["center_x"], found["center_y"], found["center_z"])
        size = (found["size_x"], found["size_y"], found["size_z"])
    except (OSError, ValueError, KeyError) as error:
        raise ToolError(f"the box in {path} cannot be read ({error}): reinstall dockstring==0.3.4") from error
    if not all(map(math.isfinite, center)) or not all(0 < side < math.inf for side in size):
        raise ToolError(f"the box in {path} is not finite: reinstall dockstring==0.3.4")
    return center, size


_KINASE, _NUCLEAR, _GPCR = "kinase", "nuclear receptor", "G protein-coupled receptor"
_PROTEASE, _CYTOCHROME, _ENZYME = "protease", "cytochrome P450", "other enzyme"

_PROTEINS: dict[str, tuple[str, str]] = {
    "ABL1": ("Tyrosine-protein kinase ABL1", _KINASE),
    "ACHE": ("Acetylcholinesterase", "esterase"),
    "ADAM17": ("Disintegrin and metalloproteinase domain-containing protein 17 (TACE)", _PROTEASE),
    "ADORA2A": ("Adenosine receptor A2a", _GPCR),
    "ADRB1": ("Beta-1 adrenergic receptor", _GPCR),
    "ADRB2": ("Beta-2 adrenergic receptor", _GPCR),
    "AKT1": ("RAC-alpha serine/threonine-protein kinase (AKT1)", _KINASE),
    "AKT2": ("RAC-beta serine/threonine-protein kinase (AKT2)", _KINASE),
    "AR": ("Androgen receptor", _NUCLEAR),
    "BACE1": ("Beta-secretase 1", _PROTEASE),
    "CA2": ("Carbonic anhydrase 2", "lyase"),
    "CASP3": ("Caspase-3", _PROTEASE),
    "CDK2": ("Cyclin-dependent kinase 2", _KINASE),
    "CSF1R": ("Macrophage colony-stimulating factor 1 receptor", _KINASE),
    "CYP2C9": ("Cytochrome P450 2C9", _CYTOCHROME),
    "CYP3A4": ("Cytochrome P450 3A4", _CYTOCHROME),
    "DHFR": ("Dihydrofolate reductase", "reductase"),
    "DPP4": ("Dipeptidyl peptidase 4", _PROTEASE),
    "DRD2": ("D(2) dopamine receptor", _GPCR),
    "DRD3": ("D(3) dopamine receptor", _GPCR),
    "EGFR": ("Epidermal growth factor receptor", _KINASE),
    "ESR1": ("Estrogen receptor alpha", _NUCLEAR),
    "ESR2": ("Estrogen receptor beta", _NUCLEAR),
    "F10": ("Coagulation factor X", _PROTEASE),
    "F2": ("Prothrombin (thrombin)", _PROTEASE),
    "FGFR1": ("Fibroblast growth factor receptor 1", _KINASE),
    "GBA": ("Lysosomal acid glucosylceramidase", "glycosidase"),
    "HMGCR": ("3-hydroxy-3-methylglutaryl-coenzyme A reductase", "reductase"),
    "HSD11B1": ("11-beta-hydroxysteroid dehydrogenase 1", "reductase"),
    "HSP90AA1": ("Heat shock protein HSP 90-alpha", "chaperone"),
    "IGF1R": ("Insulin-like growth factor 1 receptor", _KINASE),
    "JAK2": ("Tyrosine-protein kinase JAK2", _KINASE),
    "KDR": ("Vascular endothelial growth factor receptor 2", _KINASE),
    "KIT": ("Mast/stem cell growth factor receptor Kit", _KINASE),
    "LCK": ("Tyrosine-protein kinase Lck", _KINASE),
    "MAOB": ("Amine oxidase [flavin-containing] B (monoamine oxidase B)", "oxidase"),
    "MAP2K1": ("Dual specificity mitogen-activated protein kinase kinase 1 (MEK1)", _KINASE),
    "MAPK1": ("Mitogen-activated protein kinase 1 (ERK2)", _KINASE),
    "MAPK14": ("Mitogen-activated protein kinase 14 (p38 alpha)", _KINASE),
    "MAPKAPK2": ("MAP kinase-activated protein kinase 2", _KINASE),
    "MET": ("Hepatocyte growth factor receptor", _KINASE),
    "MMP13": ("Matrix metalloproteinase-13 (collagenase 3)", _PROTEASE),
    "NOS1": ("Nitric oxide synthase 1 (neuronal)", _ENZYME),
    "NR3C1": ("Glucocorticoid receptor", _NUCLEAR),
    "PARP1": ("Poly [ADP-ribose] polymerase 1", _ENZYME),
    "PDE5A": ("cGMP-specific 3',5'-cyclic phosphodiesterase 5A", "phosphodiesterase"),
    "PGR": ("Progesterone receptor", _NUCLEAR),
    "PLK1": ("Serine/threonine-protein kinase PLK1", _KINASE),
    "PPARA": ("Peroxisome proliferator-activated receptor alpha", _NUCLEAR),
    "PPARD": ("Peroxisome proliferator-activated receptor delta", _NUCLEAR),
    "PPARG": ("Peroxisome proliferator-activated receptor gamma", _NUCLEAR),
    "PTGS2": ("Prostaglandin G/H synthase 2 (cyclooxygenase-2)", "oxidase"),
    "PTK2": ("Focal adhesion kinase 1", _KINASE),
    "PTPN1": ("Tyrosine-protein phosphatase non-receptor type 1", "phosphatase"),
    "REN": ("Renin", _PROTEASE),
    "ROCK1": ("Rho-associated protein kinase 1", _KINASE),
    "SRC": ("Proto-oncogene tyrosine-protein kinase Src", _KINASE),
    "THRB": ("Thyroid hormone receptor beta", _NUCLEAR),
}
