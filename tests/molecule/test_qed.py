"""QED and its headroom are exact; the other pose-free numbers agree with RDKit and with the rules they quote."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import QED, FilterCatalog

from sciopt.objectives.molecule.properties import alerts as alert_module
from sciopt.objectives.molecule.properties.alerts import alerts, new_alerts
from sciopt.objectives.molecule.properties.measures import lipinski, measure, sa_score
from sciopt.objectives.molecule.properties.qed import headroom, qed

DRUGS = [line.split()[0] for line in Path(__file__).with_name("drugs.smi").read_text().splitlines()]


@pytest.mark.parametrize("smiles", ["c1ccccc1", *DRUGS])
def test_qed_recomposes_and_its_headroom_is_exact(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    whole = qed(mol)
    assert whole == pytest.approx(QED.qed(mol), abs=1e-12)
    rows = headroom(mol)
    assert len(rows) == 8
    assert [p.gain for p in rows] == sorted((p.gain for p in rows), reverse=True)
    values = QED.properties(mol)
    names = {"molecular weight": "MW", "logP": "ALOGP", "polar surface area": "PSA", "rotatable bonds": "ROTB"}
    names |= {"hydrogen-bond donors": "HBD", "hydrogen-bond acceptors": "HBA"}
    names |= {"aromatic rings": "AROM", "structural alerts": "ALERTS"}
    for p in rows:
        at_best = values._replace(**{names[p.name]: p.best})
        assert p.gain == pytest.approx(max(0.0, QED.qed(mol, qedProperties=at_best) - whole), abs=1e-12)
        assert (p.direction == "raise") == (p.gain >= 0.002 and p.value < p.best)


def test_best_values_are_where_the_desirability_peaks() -> None:
    best = {p.name: (p.best, p.desirability, p.value) for p in headroom(Chem.MolFromSmiles("c1ccccc1"))}
    for name, key in (("molecular weight", "MW"), ("logP", "ALOGP"), ("polar surface area", "PSA")):
        top = QED.ads(best[name][0], QED.adsParameters[key])
        for step in (0.01, 0.3, 5.0, 60.0):
            assert QED.ads(best[name][0] - step, QED.adsParameters[key]) <= top
            assert QED.ads(best[name][0] + step, QED.adsParameters[key]) <= top
    assert best["structural alerts"][0] == 0.0


def test_accessibility_and_lipinski_order_an_easy_and_a_hard_molecule() -> None:
    aspirin, atorvastatin = (Chem.MolFromSmiles(s) for s in ("CC(=O)Oc1ccccc1C(=O)O", DRUGS[10]))
    assert 1.0 <= sa_score(aspirin) < 2.0 < sa_score(atorvastatin) < 10.0
    assert lipinski(aspirin) == ()
    assert [(v.name, v.limit) for v in lipinski(atorvastatin)] == [("molecular weight", 500.0), ("logP", 5.0)]
    assert measure(aspirin)["molecular weight"].unit == "g/mol"
    assert math.isclose(measure(aspirin)["QED"].value, qed(aspirin))


def test_alerts_are_those_of_rdkit_and_carry_their_atoms() -> None:
    pains = ["O=C1CSC(=S)N1C", "Oc1ccccc1O", "CN(C)c1ccc(C=NNC(=O)c2ccccc2)cc1", "O=C1C=CC(=O)C=C1"]
    hits = 0
    for smiles in [*DRUGS, *pains]:
        mol = Chem.MolFromSmiles(smiles)
        found = alerts(mol)
        for name in alert_module.CATALOGS:
            expected = sorted(entry.GetDescription() for entry in catalog(name).GetMatches(mol))
            assert sorted(a.name for a in found if a.catalog == name) == expected  # the sieve loses none
            hits += len(expected)
        assert all(a.atoms and max(a.atoms) < mol.GetNumAtoms() for a in found)
        assert (new_alerts(mol, known=frozenset()) == ()) == (found == ())
        assert new_alerts(mol, known=frozenset(a.label for a in found)) == ()
    assert hits > 60


@functools.cache
def catalog(name: str) -> FilterCatalog.FilterCatalog:
    parameters = FilterCatalog.FilterCatalogParams()
    parameters.AddCatalog(getattr(FilterCatalog.FilterCatalogParams.FilterCatalogs, name))
    return FilterCatalog.FilterCatalog(parameters)
