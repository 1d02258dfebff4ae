"""Groups that fall apart, react with protein or glass, or cannot exist: a table of patterns with names and reasons.

The patterns are written for neutral SMILES. They are meant for proposals of a machine, which finds such groups because
docking scores do not know that they are labile; a few marketed drugs hold one, and a start molecule may keep its own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from sciopt.objectives.molecule.properties.graph import graph
from sciopt.objectives.molecule.properties.patterns import PatternSieve


@dataclass(frozen=True)
class Rule:
    """One kind of labile group; `example` is a SMILES that holds it."""

    name: str
    smarts: str
    reason: str
    example: str


# An amine nitrogen (no amide, no sulfonamide), a basic one (no aniline either), and a group that pulls electrons.
_AMINE = "[NX3;+0;!a;!$(N-[#6,#16]=[O,S,N])]"
_BASIC = "[NX3;+0;!a;!$(N-[#6,#16]=[O,S,N]);!$(N-a)]"
_PULL = "[$([#6X3]=[O,S]),$(C#N),$([SX4](=O)=O),$([N+](=O)[O-])]"

RULES: tuple[Rule, ...] = (
    Rule("aminal", f"{_AMINE}-[CX4]-[#7X3;+0]", "hydrolyses to an amine and a carbonyl", "CN(C)CN(C)C"),
    Rule("hemiaminal", "[NX3;!a]-[CX4]-[O,S;X2]", "hydrolyses to an amine and a carbonyl", "CC(=O)NCO"),
    Rule("azole hemiaminal", "n-[CX4]-[OX2H]", "loses formaldehyde or its like", "OCn1cccn1"),
    Rule("hemiacetal or gem-diol", "[OX2H]-[CX4]-[O,S;X2]", "is in equilibrium with the carbonyl", "CC(O)OC"),
    Rule("acetal", "[O,S;X2;!$(*c)]-[CX4;!$(C(F)F)]-[O,S;X2]", "hydrolyses in acid", "COC(C)OC"),
    Rule("alpha-aminonitrile", f"{_AMINE}-[CX4]-C#N", "loses cyanide", "CNC(C)C#N"),
    Rule("alpha-amino sulfone", "[#7X3]-[CX4]-[SX4](=O)=O", "loses a sulfinate", "CC(=O)NCS(C)(=O)=O"),
    Rule(
        "alpha-hydroxy sulfone",
        "[OX2H]-[CX4]-[SX4,SX3]=O",
        "falls apart to a carbonyl and a sulfinate",
        "CC(O)S(C)(=O)=O",
    ),
    Rule("alpha-hydroxy halide", "[OX2]-[CX4]-[Cl,Br,I]", "falls apart to a carbonyl", "CC(O)Cl"),
    Rule("cyanohydrin", "[OX2]-[CX4]-C#N", "loses cyanide", "CC(O)C#N"),
    Rule("alpha-halo ether or amine", "[Cl,Br,I]-[CX4]-[#7,#8,#16]", "alkylates", "CCOCCl"),
    Rule("alpha-fluoro ether or amine", "F-[CX4;!$(C(F)F)]-[#7,#8,#16X2]", "ionises, losing fluoride", "COC(C)F"),
    Rule("alpha-fluoro amine", f"F-[CX4]-{_AMINE}", "loses fluoride", "CN(C)C(F)F"),
    Rule("N-fluoroalkyl group", "F-[CX4]-[#7]", "loses fluoride or is hardly made", "FC(F)n1cccc1"),
    Rule("fluoroalkyl ketone", "[#6]-[CX3;!R](=O)-[CX4]-F", "forms a hydrate", "CC(=O)C(F)F"),
    Rule("N-halo or O-halo group", "[F,Cl,Br,I]-[#7,#8]", "oxidises", "CN(C)Cl"),
    Rule("sulfur halide", "[F,Cl,Br,I]-[#16]", "acylates", "CS(=O)(=O)Cl"),
    Rule("peroxide", "[#8X2]-[#8X2]", "explodes or oxidises", "CCOOCC"),
    Rule("hydrazine", "[NX3;!a]-[NX3]", "oxidises; toxic", "CNNC"),
    Rule("N-amino heteroaromatic", "n-[NX3;!a]", "oxidises; the bond is weak", "Nn1cccc1"),
    Rule("hydrazone", "[NX3;!a]-[NX2;!R]=[#6]", "hydrolyses to a hydrazine", "CC=NNC"),
    Rule("N-O bond", "[NX2,NX3;!a;+0]-[OX2;!a]", "is weak and reduced easily", "CONC"),
    Rule("N-S bond", "[NX3;!a]-[SX2]", "is weak and reduced easily", "CNSC"),
    Rule("S-S or S-O bond", "[SX2]-[S,O;X2]", "exchanges with thiols", "CSSC"),
    Rule("acyl halide", "[CX3;!a](=[O,S,N])-[F,Cl,Br,I]", "acylates", "CC(=O)Cl"),
    Rule("anhydride", "[CX3;!a](=O)-[O,S;X2]-[$([CX3;!a]=O),$([SX3,SX4]=O)]", "acylates", "CC(=O)OC(C)=O"),
    Rule("acyclic imide or acyl urea", "[CX3;!R](=O)-[NX3]-[CX3](=O)", "hydrolyses; acylates amines", "CC(=O)NC(=O)NC"),
    Rule("carbonate", "[OX2]-[CX3;!R](=O)-[OX2]", "hydrolyses", "COC(=O)OC"),
    Rule("active ester", "[CX3;!a](=O)-[O,S;X2]-[#7]", "acylates", "CC(=O)On1ccnn1"),
    Rule("thioester", "[#6]-[CX3;!a](=O)-[SX2]-[#6]", "acylates thiols and amines", "CC(=O)SC"),
    Rule("acyl azole", "[$([CX3;!a]=O),$([SX4](=O)=O)]-[n;r5;$(n:n),$(n:c:n)]", "hydrolyses", "CC(=O)n1ccnc1"),
    Rule("aldehyde", "[CX3;H1,H2;!a](=O)~[#6,#8,#16,#1]", "condenses with amines", "O=Cc1ccccc1"),
    Rule("thioketone", "[CX3;!a;!$(C-[#7,#8,#16])]=[SX1]", "polymerises or hydrolyses", "CC(C)=S"),
    Rule("1,2-dicarbonyl", "[#6]-[CX3;!a](=O)-[CX3;!a](=O)-[#6]", "condenses with amines", "CC(=O)C(C)=O"),
    Rule("acyl cyanide", "[CX3;!a](=O)-C#N", "acylates", "CC(=O)C#N"),
    Rule(
        "Michael acceptor",
        f"[CX3;H1,H2;!a;!$(C-[#7,#8])]=[CX3;!a;!$(C-[#7])]-{_PULL}",
        "adds thiols",
        "C=CC(=O)NC",
    ),
    Rule("alkynyl Michael acceptor", f"C#C-{_PULL}", "adds thiols", "CC#CC(=O)NC"),
    Rule("quinone", "O=[#6;R;!a]1~[#6]~[#6]~[#6;R;!a](=O)~[#6]~[#6]1", "adds thiols, cycles redox", "O=C1C=CC(=O)C=C1"),
    Rule("three-membered heterocycle", "[#7,#8,#16;r3]", "alkylates: ring strain", "CC1CO1"),
    Rule("allene or other cumulene", "[#6,#7,#8,#16]=[#6X2]=[#6,#7,#8,#16]", "adds water, amines and thiols", "CN=C=O"),
    Rule("enol", "[CX3;!a]=[CX3;!a]-[OX2H]", "is the minor tautomer of a ketone", "CC(O)=C(C)C"),
    Rule("enol ether", "[CX3;!a;!$(C-[#6,#16]=O);!$(C-C#N)]=[CX3;!a]-[OX2H0]", "hydrolyses in acid", "C=C(C)OC"),
    Rule(
        "enamine",
        "[CX3;!a;!$(C-[#6,#16]=[O,N]);!$(C-C#N)]=[CX3;!a]-[NX3;!a;!$(N-[#6,#16]=O)]",
        "hydrolyses to the ketone",
        "CC=CN(C)C",
    ),
    Rule(
        "imine",
        "[CX3;!a;!$(C-[#7,#8,#16]);!$([CX3;R](c)=[NX2;R])]=[NX2;!a;!$(N-[#7,#8,#16])]",
        "hydrolyses to the carbonyl",
        "CC(C)=NC",
    ),
    Rule("acyclic imidate", "[CX3;!a](=[NX2])-[O,S;X2;!R]", "hydrolyses or is an amide's minor tautomer", "CC(=N)OC"),
    Rule("thiol", "[SX2H]", "oxidises to the disulfide", "CCS"),
    Rule("nitroso", "[#6,#7,#8,#16]-[NX2]=[OX1]", "oxidises; N-nitroso compounds alkylate", "CN(C)N=O"),
    Rule("azo or triazene", "[NX2;!a]=[NX2;!a]", "is reduced or falls apart", "CN=NC"),
    Rule("azide", "[#7]=[N+]=[N-]", "explodes; reduced easily", "CN=[N+]=[N-]"),
    Rule("diazo or diazonium", "[$([#6]=[N+]=[N-]),$([N+]#N)]", "loses nitrogen", "C=[N+]=[N-]"),
    Rule("isonitrile", "[C-]#[N+]", "binds metals, hydrolyses", "C[N+]#[C-]"),
    Rule("quaternary or onium centre", "[#7X4+,#15+,#16X3+,#8+]", "cannot be neutral", "C[N+](C)(C)[O-]"),
    Rule("aliphatic nitro", "[CX4]-[N+](=O)[O-]", "is acidic and reduced", "CC[N+](=O)[O-]"),
    Rule("cyanamide or cyanate", "[#7,#8,#16X2;!a]-C#N", "reacts with thiols", "CN(C)C#N"),
    Rule("alkyl halide", "[CX4;!$(C(F)F)]-[Cl,Br,I]", "alkylates", "CCCl"),
    Rule("alkyl sulfonate or sulfate", "[CX4]-[OX2]-[SX4](=O)=O", "alkylates", "COS(C)(=O)=O"),
    Rule("activated heteroaryl halide", "[F,Cl,Br,I]-c(:[nX2]):[nX2]", "arylates amines and thiols", "Clc1ncccn1"),
    Rule("activated 4-halopyrimidine", "[F,Cl,Br,I]-c:[nX2]:c:[nX2]", "arylates amines and thiols", "Clc1ccncn1"),
    Rule(
        "halogen beside the heteroatom of an azole",
        "[F,Cl,Br,I]-[c;r5](:[n,o,s;r5]):[nX2;r5]",
        "is displaced",
        "Fc1nccs1",
    ),
    Rule("fluoro group beside a ring heteroatom", "F-[c;r5]:[n,o,s;r5]", "is hardly made", "Fc1cccs1"),
    Rule(
        "sulfone on an electron-poor carbon",
        "[#6]-[SX4](=O)(=O)-c(:[nX2]):[nX2,o,s]",
        "arylates thiols",
        "CS(=O)(=O)c1ncccn1",
    ),
    Rule(
        "amino- or oxyfuran or -pyrrole",
        "[NX3,OX2;!a]-[c;r5]1:[o,nX3;r5]:c:c:c:1",
        "oxidises and polymerises",
        "CNc1ccco1",
    ),
    Rule("1,3-diketone", "[#6]-[CX3](=O)-[CX4;H1,H2]-[CX3](=O)-[#6]", "is an enol that binds metals", "CC(=O)CC(C)=O"),
    Rule("polyamine", f"{_BASIC}.{_BASIC}.{_BASIC}", "carries up to three charges", "CNCCNCCNC"),
    Rule("difluoroalkyl ether", "[OX2]-[CX4;!$(C(-O)-O)](F)(F)-[#6]", "hydrolyses", "COC(F)(F)c1ccccc1"),
    Rule("benzylic or allylic fluoride", "F-[CX4;H1,H2;!$(C(F)F)]-[c,$([#6]=[#6])]", "ionises", "FCc1ccccc1"),
    Rule("hydroxyfuran, -thiophene or -pyrrole", "[OX2H]-[c;r5]1:c:[o,s,nX3]:c:c:1", "oxidises", "Oc1ccsc1"),
    Rule("2-hydroxythiophene or -furan", "[OX2H]-[c;r5]1:[o,s]:c:c:c:1", "is a lactone", "Oc1cccs1"),
    Rule("aminothiophene", "[NX3;H2]-[c;r5]1:s:c:c:c:1", "oxidises", "Nc1cccs1"),
    Rule(
        "acid beside an azole nitrogen",
        "[OX2H]-C(=O)-[$([c;r5](:[nX2]):[n,o,s]),$([CX4]-[c;r5](:[nX2]):[n,o,s])]",
        "loses carbon dioxide",
        "OC(=O)Cc1nccs1",
    ),
    Rule("hydroxy group beside a ring nitrogen", "[OX2H]-c:[nX2,nX3]", "is a lactam: write its keto form", "Oc1ccccn1"),
    Rule("4-hydroxypyridine", "[OX2H]-c1cc[nX2]cc1", "is a pyridone: write its keto form", "Oc1ccncc1"),
    Rule("carbamic or carbonic acid", "[#7,#8X2]-[CX3;!a](=O)-[OX2H]", "loses carbon dioxide", "CNC(=O)O"),
    Rule("beta-keto acid", "[#6]-[CX3](=O)-[CX4]-[CX3](=O)-[OX2H]", "loses carbon dioxide", "CC(=O)CC(=O)O"),
    Rule("sulfinic or sulfamic acid", "[$([SX3](=O)),$([SX4](=O)(=O)-[#7])]-[OX2H]", "disproportionates", "CS(=O)O"),
    Rule("ynamine or alkynyl ether", "C#C-[N,O,S,Cl,Br,I]", "adds water", "CC#CN(C)C"),
    Rule("polyyne", "C#C-C#C", "polymerises", "CC#CC#CC"),
    Rule("strained alkene", "[#6;r3,r4]=[#6;r3,r4]", "is strained, or antiaromatic", "C1=CCC1"),
    Rule("methylenecyclopropane", "[#6;r3]=*", "is strained", "C=C1CC1"),
    Rule("ring alkyne", "[#6;R]#[#6;R]", "cannot be closed in a small ring", "C1CCC#CCC1"),
    Rule("four-membered lactam or lactone", "[#7,#8,#16;r4]-[CX3;r4]=O", "acylates: ring strain", "O=C1CCN1"),
    Rule("cyclopentadiene", "[#6]1=[#6]-[#6]=[#6]-[CX4]1", "dimerises", "C1=CCC=C1"),
    Rule("1,3-cyclohexadiene", "[#6]1=[#6]-[#6]=[#6]-[#6X4]-[#6X4]1", "oxidises to the arene", "C1=CCCC=C1"),
    Rule("1,4-cyclohexadiene", "[#6]1=[#6]-[#6X4]-[#6]=[#6]-[#6X4]1", "oxidises to the arene", "C1=CCC=CC1"),
    Rule(
        "chain of four heteroatoms",
        "[#7,#8;!a]~[#7,#8,#16;!a]~[#7,#8;!a]~[#7,#8,#16;!a]",
        "falls apart",
        "CNS(=O)(=O)NNC",
    ),
    Rule("chain of sp-hybridised ring atoms", "[r;X2;^1]", "is strained", "C1CCC#CCC1"),
)

_BRIDGEHEAD = Rule("bridgehead double bond", "", "violates Bredt's rule", "C1CC2=CC1CC2")


@functools.lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Rule, Any], ...]:
    return tuple((rule, Chem.MolFromSmarts(rule.smarts)) for rule in RULES)


@functools.lru_cache(maxsize=1)
def _sieve() -> PatternSieve:
    return PatternSieve.of([pattern for _, pattern in _patterns()])


def labile(mol: Chem.Mol, *, tolerated: frozenset[str] = frozenset()) -> Rule | None:
    """The first rule of the table that a molecule breaks, apart from the tolerated ones; None for a stable one.

    >>> labile(Chem.MolFromSmiles("CN(C)CN(C)C")).name
    'aminal'
    """
    return next((rule for rule in _broken(mol) if rule.name not in tolerated), None)


def all_labile(mol: Chem.Mol) -> tuple[Rule, ...]:
    """All rules that a molecule breaks."""
    return tuple(_broken(mol))


def labile_atoms(mol: Chem.Mol, *, tolerated: frozenset[str] = frozenset()) -> list[frozenset[int]]:
    """The atoms of each labile group; one atom of each must go or change before the molecule is stable."""
    broken = [(rule, pattern) for rule, pattern in _patterns() if rule.name not in tolerated]
    found = [frozenset(match) for _, pattern in broken for match in mol.GetSubstructMatches(pattern)]
    heads = _bridgehead_sp2(mol) if _BRIDGEHEAD.name not in tolerated else []
    return found + [frozenset(ring) for ring in mol.GetRingInfo().AtomRings() if set(heads) & set(ring)]


def _broken(mol: Chem.Mol) -> Iterator[Rule]:
    patterns = _patterns()
    possible = (patterns[index] for index in _sieve().possible(graph(mol)))
    yield from (rule for rule, pattern in possible if mol.HasSubstructMatch(pattern))
    if _bridgehead_sp2(mol):
        yield _BRIDGEHEAD


def _bridgehead_sp2(mol: Chem.Mol) -> list[int]:
    """The atoms that tie bridged rings together and have a double bond (the rings here are small)."""
    if mol.GetRingInfo().NumRings() < 2:
        return []
    heads: Any = []  # filled by RDKit
    rdMolDescriptors.CalcNumBridgeheadAtoms(mol, heads)
    flat = {Chem.BondType.DOUBLE, Chem.BondType.AROMATIC}
    return [h for h in heads if any(b.GetBondType() in flat for b in mol.GetAtomWithIdx(h).GetBonds())]
