"""Each page with commands or Python in it, and what of it is not run as it is printed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.documents import staging
from tests.documents.blocks import ROOT
from tests.documents.staging import QUICK
from tests.documents.walks import Walk
from tests.runs.slurm import slurm_answers

PROGESTERONE = "'CC(=O)[C@H]1CC[C@H]2[C@@H]3CCC4=CC(=O)CC[C@]4(C)[C@H]3CC[C@]12C'"
SMALL = "--budget 1 --angles 0,90"
ONE_DOCKING = "--exhaustiveness 1"
PYTHON = {
    'MoleculeObjective("PPARD")': 'MoleculeObjective("PPARD", docking=DockingProtocol(exhaustiveness=1))',
    "import MoleculeObjective": "import DockingProtocol, MoleculeObjective\nfrom sciopt.search import Ending",
}
FEW = "settings=sciopt.Settings(probing=False, screening=False), ending=Ending(finalists=0, references=False)"

MOLECULES: Mapping[str, Walk] = {
    "docs/targets.md": Walk(
        cheaper={
            "--ligand A:STR \\\n": "--ligand A:STR --no-check \\\n",
            "--target MYPROT": f"--target MYPROT {ONE_DOCKING} --detail numbers",
            "references JAK2": f"references AR {ONE_DOCKING}",
        },
        reader={"1a28.pdb.gz": staging.structure},
    ),
    "docs/howto/custom_target.md": Walk(
        cheaper={
            "--ligand A:STR \\\n": "--ligand A:STR --no-check \\\n",
            "--keep A:NAP": "--keep A:NAP --no-check",
            "--csv known.csv": f"--csv known.csv {ONE_DOCKING} --detail numbers",
            "--budget 20": f"--budget 2 {QUICK}",
        },
        reader={
            "1a28.pdb.gz": staging.structure,
            "1afs.pdb.gz": staging.structure,
            "model.pdb": staging.trypsin,
            "known.smi": staging.written(f"{PROGESTERONE[1:-1]} progesterone\n"),
        },
    ),
    "docs/howto/language_models.md": Walk(
        cheaper={
            "--engine gpt-4o": f"--engine gpt-4o {ONE_DOCKING} --no-probing --no-screening",
            "--budget 20": "--budget 2 --finalists 0 --no-references",
            **PYTHON,
            "budget=20": f"budget=2, {FEW}",
        },
        provider=staging.proposer,
    ),
    "docs/figures.md": Walk(reader={"runs/first": staging.benzene(0), "runs/grid": staging.grid}),
    "docs/report.md": Walk(
        reader={"runs/first": staging.benzene(0), "runs/second": staging.benzene(1), "runs/grid": staging.grid}
    ),
    "docs/engines.md": Walk(provider=staging.texts),
    "docs/text.md": Walk(provider=staging.texts),
    "README.md": Walk(
        cheaper={
            "--target PTGS2 --budget 20": f"--target PTGS2 --budget 2 {QUICK}",
            "--budget 20": f"--budget 1 {QUICK}",
            "'CC(=O)Oc1ccccc1C(=O)O' --target PTGS2": f"CCO --target PTGS2 {ONE_DOCKING} --detail numbers",
            "references PTGS2": f"references AR {ONE_DOCKING}",
            "--structure FILE --ligand A:STI:201 --smiles SMILES": (
                f"--structure 1a28.pdb.gz --ligand A:STR:1 --smiles {PROGESTERONE} --no-check"
            ),
            "sciopt plan prostate --goals strict --budget 12": "sciopt plan pelvis.toml --goals strict --budget 2",
            "sciopt evaluate prostate": "sciopt evaluate pelvis.toml",
            "--goal 'Core D10% <= 20 Gy'": f"--goal 'Core D10% <= 20 Gy' {SMALL}",
            **PYTHON,
            "budget=60": f"budget=3, {FEW}",
            "ObjectiveLoss(objective)": "ObjectiveLoss(objective, probing=False)",
            'engine="offline")': 'engine="offline", probing=False, screening=False)',
            "range(5)": "range(2)",
            "0.1 8000 ": '0 $FREE_PORT >port & trap "kill $!" EXIT; until [ -s port ]; do sleep 0.1; done ',
            "127.0.0.1:8000": "127.0.0.1:$FREE_PORT",
        },
        reader={
            ".venv": staging.linked(Path(sys.prefix)),
            "FOLDER": staging.patient,
            "pelvis.toml": staging.pelvis,
            "benchmarks": staging.linked(ROOT / "benchmarks"),
            "your_program.py": staging.printed("README.md", 'tg.set_backward_engine("gpt-4o")'),
            "1a28.pdb.gz": staging.structure,
        },
        elsewhere={
            "make demo": ".ci/run makes it, whole",
            "make test": "it is what .ci/run does first",
        },
        checks="""
assert solution.best.loss < solution.start.loss
assert ligand.value != "c1ccccc1"
""",
    ),
}

RUNS_AND_PLANS: Mapping[str, Walk] = {
    "docs/hpc.md": Walk(
        cheaper={
            "budget = 6": "budget = 2\n[settings]\nprobing = false\nscreening = false",
            "budget = 4": "budget = 1",
            "seed = [0, 1]": "seed = [0]",
            **({"sbatch job.sh": "sbatch --wait job.sh"} if slurm_answers() else {}),
        },
        elsewhere={
            "sh hpc/wheelhouse.sh": "needs the network, 228 MB; not run by CI",
            "sh wheelhouse/wheelhouse.sh": "installs what the line before it fetched; not run by CI",
            "exec apptainer": "a file for an image; no Apptainer was at hand, as the page says",
            **(
                {}
                if slurm_answers()
                else {
                    "sbatch job.sh": "no Slurm here; with one it is run, as .ci/run does where it can install it",
                    "sciopt campaign run drugs.toml --out runs/drugs-dask": "no Slurm here; likewise",
                }
            ),
        },
    ),
    "docs/index.md": Walk(
        cheaper={"--budget 20": f"--budget 2 {QUICK}", "plan prostate --budget 12": f"plan prostate {SMALL}"}
    ),
    "docs/plans.md": Walk(
        cheaper={
            "sciopt plan prostate": "sciopt plan pelvis.toml",
            "sciopt evaluate prostate": "sciopt evaluate pelvis.toml",
            "--angles 0,72": "--budget 2 --angles 0,72",
            "--budget 12": "--budget 2",
            "budget=4": "budget=2",
        },
        reader={"pelvis.toml": staging.pelvis, "dose.dcm": staging.dose},
    ),
    "docs/cases.md": Walk(
        cheaper={"--budget 12": "--budget 2"},
        reader={
            "FOLDER": staging.patient,
            "goals.toml": staging.printed("docs/howto/dicom.md", "strict = ["),
            "patient.mat": staging.matrad,
        },
    ),
    "docs/howto/dicom.md": Walk(
        cheaper={"http://127.0.0.1:8000/v1": "$OPENAI_BASE_URL", "--budget 12": "--budget 2"},
        reader={"FOLDER": staging.patient, "dose.dcm": staging.dose},
        provider=staging.proposer,
    ),
    "docs/howto/custom_goals.md": Walk(
        cheaper={
            "--budget 20": f"--budget 2 {QUICK}",
            "plan tg119-prostate": "plan pelvis.toml",
            "--budget 12": "--budget 1",
        },
        reader={
            "pelvis.toml": staging.pelvis,
            "mine.txt": staging.printed("docs/howto/custom_goals.md", "PTV D95% >= 75.6 Gy"),
        },
    ),
    "docs/howto/reproduce.md": Walk(
        cheaper={"plan tg119-prostate": "plan pelvis.toml"}, reader={"pelvis.toml": staging.pelvis}
    ),
    "notebooks/README.md": Walk(
        elsewhere={
            "pip install": "needs a registry; `make setup` installs the same",
            "jupyter lab": "waits for a browser",
            "pytest --nbmake": "`make notebooks` of .ci/run runs them in another folder",
        }
    ),
}

WALKS: Mapping[str, Walk] = {**MOLECULES, **RUNS_AND_PLANS}
