"""The catalogue of protein targets against the data of the installed package."""

import importlib.util
import subprocess
import sys

import pytest

from sciopt.errors import ToolError, UnknownName
from sciopt.targets.proteins import catalog


def test_every_receptor_of_the_package_is_listed_and_its_box_holds_protein_atoms():
    folder = catalog.target("PPARD").receptor.parent
    assert set(catalog.names()) == {p.name.removesuffix("_target.pdbqt") for p in folder.glob("*_target.pdbqt")}
    assert len(catalog.names()) == 58
    digests = set()
    for name in catalog.names():
        target = catalog.target(name)
        atoms = [
            tuple(float(line[i : i + 8]) for i in (30, 38, 46))
            for line in target.receptor.read_text().splitlines()
            if line.startswith(("ATOM", "HETATM"))
        ]
        inside = sum(
            all(abs(x - c) < s / 2 for x, c, s in zip(atom, target.center, target.size, strict=True)) for atom in atoms
        )
        assert inside > 300, name
        assert target.title, name
        digests.add(target.digest)
    assert len(digests) == 58


def test_a_name_is_found_in_any_case_and_a_wrong_one_gets_suggestions():
    assert catalog.target("ppard") is catalog.target("PPARD")
    assert catalog.target("PPARD").center == (16.075, 2.845, 39.221)
    with pytest.raises(UnknownName, match=r"did you mean .*PPARD.*sciopt targets list. shows all 58"):
        catalog.target("PPARX")


def test_missing_data_says_what_to_install(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "dockstring" else find_spec(n))
    catalog._load.cache_clear()
    with pytest.raises(ToolError, match="pip install dockstring"):
        catalog.target("F2")


def test_the_catalogue_does_not_import_dockstring():
    code = "import sys; from sciopt.targets.proteins import catalog; catalog.target('F2'); "
    code += "sys.exit(any(m in sys.modules for m in ('dockstring', 'rdkit', 'vina')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
