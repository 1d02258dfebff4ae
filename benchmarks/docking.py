"""What a docking costs beside dockstring's, and whether both give the same score.

    python benchmarks/docking.py [--keep FILE [--again]] [--only benzene risperidone]

Each ligand is docked into its target by dockstring 0.3.4's own call (its Vina 1.1.2, one thread, exhaustiveness 8) and
by our pool with warm maps (Vina 1.2.7, one thread, the same exhaustiveness and seed), one after the other. Compared are
CPU seconds, user and system, with those of child processes. The maps of a target, which we compute once and dockstring
for each ligand, are listed apart. Then follow the peak memory of a docking child with one, two and three targets warm.
With --keep, what is done stands in a file of JSON lines and is not done again, unless --again asks for one more run of
each pair: of several runs the least CPU time of each program counts, since other work on the machine only adds to it.
`obabel` must be on the PATH for dockstring: the folder of this Python is put there.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import os
import resource
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from machine import machine

from sciopt.objectives.molecule.docking.pool import DockingPool
from sciopt.objectives.molecule.docking.protocol import DockingProtocol
from sciopt.targets.proteins.catalog import target

PROTOCOL = DockingProtocol(wall_seconds=3600.0)
PEER = "dockstring"
DRUG_SIZED = 18  # heavy atoms
FIRST = 5  # pairs of the question about cost; the others widen the comparison
# fmt: off
PAIRS = (  # ligand, target, SMILES with all stereocentres
    ("benzene", "PPARD", "c1ccccc1"),
    ("aspirin", "DRD2", "CC(=O)Oc1ccccc1C(=O)O"),
    ("risperidone", "DRD2", "Cc1nc2n(c(=O)c1CCN1CCC(c3noc4cc(F)ccc34)CC1)CCCC2"),
    ("ruxolitinib", "JAK2", "N#CC[C@H](C1CCCC1)n1cc(-c2ncnc3[nH]ccc23)cn1"),
    ("argatroban", "F2", "C[C@@H]1CNc2c(cccc2S(=O)(=O)N[C@@H](CCCN=C(N)N)C(=O)N2CC[C@@H](C)C[C@@H]2C(=O)O)C1"),
    ("raloxifene", "ESR1", "O=C(c1ccc(OCCN2CCCCC2)cc1)c1c(-c2ccc(O)cc2)sc2cc(O)ccc12"),
    ("celecoxib", "PTGS2", "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1"),
    ("erlotinib", "EGFR", "C#Cc1cccc(Nc2ncnc3cc(OCCOC)c(OCCOC)cc23)c1"),
    ("donepezil", "ACHE", "COc1cc2c(cc1OC)C(=O)[C@H](CC1CCN(Cc3ccccc3)CC1)C2"),
    ("tofacitinib", "JAK2", "C[C@@H]1CCN(C(=O)CC#N)C[C@@H]1N(C)c1ncnc2[nH]ccc12"),
    ("caffeine", "ADORA2A", "Cn1c(=O)c2c(ncn2C)n(C)c1=O"),
    ("acetazolamide", "CA2", "CC(=O)Nc1nnc(S(N)(=O)=O)s1"),
)
# fmt: on
MEMORY = ("PPARD", "DRD2", "F2")
_PROBE = "C"


@dataclass(frozen=True)
class Pair:
    """One ligand in one target by both programs: scores in kcal/mol, CPU seconds, and ours by stage in wall seconds."""

    ligand: str
    target: str
    heavy_atoms: int
    ours: float
    theirs: float
    our_seconds: float
    their_seconds: float
    maps_seconds: float
    stages: Mapping[str, float]
    runs: int = 1

    @property
    def ratio(self) -> float:
        """How many times less CPU ours takes."""
        return self.their_seconds / self.our_seconds

    @property
    def outside(self) -> float:
        """The share of the docking's time that is not Vina's search, in percent."""
        return 100.0 * (1.0 - self.stages["dock"] / sum(self.stages.values()))


def spent() -> float:
    """CPU seconds of this process and of the children that it has waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)


def measured(ligand: str, name: str, smiles: str, *, pool: DockingPool) -> Pair:
    """Both programs on one ligand."""
    from dockstring import load_target
    from rdkit import Chem

    place = target(name)
    cold = pool.dock(_PROBE, target=place, protocol=PROTOCOL)
    warm = pool.dock(_PROBE, target=place, protocol=PROTOCOL)
    began = spent()
    ours = pool.dock(smiles, target=place, protocol=PROTOCOL)
    our_seconds = ours.cpu_seconds + spent() - began  # the child's, and what asking it cost here
    peer = load_target(name)
    began = spent()
    theirs, _ = peer.dock(smiles, num_cpus=1, seed=PROTOCOL.seed)
    their_seconds = spent() - began
    if theirs is None:
        raise SystemExit(f"dockstring has no pose of {ligand} in {name}")
    rest = max(0.0, ours.wall_seconds - sum(ours.seconds.values()))
    return Pair(
        ligand,
        name,
        Chem.MolFromSmiles(smiles).GetNumHeavyAtoms(),
        ours.score,
        theirs,
        our_seconds,
        their_seconds,
        cold.cpu_seconds - warm.cpu_seconds if "maps" in cold.seconds else math.nan,
        {**ours.seconds, "asking": rest},
    )


def memory() -> list[float]:
    """Peak resident memory of one docking child in MB, after each further target; empty where /proc is not."""
    peaks: list[float] = []
    with DockingPool() as pool:
        for name in MEMORY:
            pool.dock(_PROBE, target=target(name), protocol=PROTOCOL)
            peaks += [max(_peaks(), default=float("nan"))]
    return [peak for peak in peaks if peak == peak]


def _peaks() -> Iterator[float]:
    """The peak resident memory in MB of each process that this one started."""
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in path.read_text("utf-8").splitlines() if ":" in line)
        except OSError:
            continue  # it has ended
        if int(lines["PPid"]) == os.getpid() and "VmHWM" in lines:
            yield float(lines["VmHWM"].split()[0]) / 1024.0


class Kept:
    """Results by name in a file of JSON lines, so that an interrupted run goes on where it was."""

    def __init__(self, path: Path | None, *, protocol: str) -> None:
        self._path, self._protocol = path, protocol
        lines = path.read_text("utf-8").splitlines() if path is not None and path.exists() else []
        self._found: dict[str, list[Any]] = {}
        for row in map(json.loads, lines):
            if row["protocol"] == protocol:
                self._found.setdefault(row["name"], []).append(row["result"])

    def get(self, name: str, make: Callable[[], Any], *, again: bool = False) -> list[Any]:
        """The kept results, with a new one, which is kept, where there is none or it is asked for."""
        results = self._found.setdefault(name, [])
        if again or not results:
            results.append(make())
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    row = {"name": name, "protocol": self._protocol, "result": results[-1]}
                    file.write(json.dumps(row) + "\n")
        return results


def least(results: list[dict[str, Any]]) -> Pair:
    """One pair of several runs: the least CPU time of each program, ours with its stages."""
    pairs = [Pair(**result) for result in results]
    if len({(pair.ours, pair.theirs) for pair in pairs}) > 1:
        raise SystemExit(f"the scores of {pairs[0].ligand} in {pairs[0].target} differ from run to run: {pairs}")
    best = min(pairs, key=lambda pair: pair.our_seconds)
    maps = [pair.maps_seconds for pair in pairs if not math.isnan(pair.maps_seconds)]
    theirs = min(pair.their_seconds for pair in pairs)
    return replace(best, their_seconds=theirs, maps_seconds=min(maps, default=math.nan), runs=len(pairs))


def protocols() -> str:
    """Both protocols in one text."""
    ours = PROTOCOL.describe(target("PPARD"))
    shown = ", ".join(f"{key} {value}" for key, value in ours.items() if key not in ("target", "box"))
    version = importlib.metadata.version("dockstring")
    return (
        f"sciopt: {shown}, 1 thread\n{PEER}: dockstring {version}, vina 1.1.2, pH 7.4, exhaustiveness 8, "
        f"seed {PROTOCOL.seed}, 9 poses, 1 thread"
    )


def cost_table(pairs: list[Pair]) -> Iterator[str]:
    """CPU seconds, pair by pair, with the medians."""
    yield f"{'':31}CPU seconds a ligand            outside   the maps,"
    head = f"{'ligand / target':24}{'atoms':>6}{'sciopt':>9}{PEER:>12}"
    yield f"{head}{'ratio':>7}{'Vina, %':>10}{'once, s':>10}{'runs':>6}"
    for pair in pairs:
        maps = f"{'(warm)':>10}" if math.isnan(pair.maps_seconds) else f"{pair.maps_seconds:10.2f}"
        yield (
            f"{pair.ligand + ' / ' + pair.target:24}{pair.heavy_atoms:6}{pair.our_seconds:9.2f}"
            f"{pair.their_seconds:12.2f}{pair.ratio:7.2f}{pair.outside:10.1f}{maps}{pair.runs:6}"
        )
    for words, some in ((f"first {FIRST} pairs", pairs[:FIRST]), (f"all {len(pairs)} pairs", pairs)):
        ratios = [pair.ratio for pair in some]
        yield f"ratio, {words}: median {statistics.median(ratios):.2f}, least {min(ratios):.2f}"
    large = [pair for pair in pairs if pair.heavy_atoms >= DRUG_SIZED]
    if large:
        shares = [pair.outside for pair in large]
        yield (
            f"outside Vina, {len(large)} ligands of {DRUG_SIZED} heavy atoms or more: median "
            f"{statistics.median(shares):.1f} %, most {max(shares):.1f} %"
        )
        stages = {stage: statistics.median(p.stages.get(stage, 0.0) for p in large) for stage in large[0].stages}
        yield "median wall seconds by stage: " + ", ".join(f"{stage} {value:.3f}" for stage, value in stages.items())


def score_table(pairs: list[Pair]) -> Iterator[str]:
    """Both scores, pair by pair."""
    yield f"{'score, kcal/mol':24}{'':6}{'sciopt':>9}{PEER:>12}{'difference':>12}"
    for pair in pairs:
        difference = pair.ours - pair.theirs
        yield f"{pair.ligand + ' / ' + pair.target:30}{pair.ours:9.2f}{pair.theirs:12.2f}{difference:+12.2f}"
    gaps = [abs(pair.ours - pair.theirs) for pair in pairs]
    yield f"absolute difference: mean {statistics.fmean(gaps):.2f}, largest {max(gaps):.2f} kcal/mol"


def main() -> None:
    """Measure what is not kept, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", type=Path, default=None, help="JSON lines of what is done, to go on from")
    parser.add_argument("--again", action="store_true", help="one more run of each pair; the least CPU time counts")
    parser.add_argument("--only", nargs="+", default=[pair[0] for pair in PAIRS], metavar="LIGAND")
    chosen = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = protocols()
    kept = Kept(chosen.keep, protocol=said)
    peaks = kept.get("memory", memory)[-1]
    pairs: list[Pair] = []
    with DockingPool() as pool:
        for ligand, name, smiles in PAIRS:
            if ligand in chosen.only:
                make = lambda a=ligand, b=name, c=smiles: asdict(measured(a, b, c, pool=pool))  # noqa: E731
                pairs.append(least(kept.get(f"{ligand}/{name}", make, again=chosen.again)))
    print(f"{machine()}\n{said}\n")
    print(*cost_table(pairs), "", *score_table(pairs), "", sep="\n")
    held = ", ".join(f"{count} {peak:.0f}" for count, peak in enumerate(peaks, 1))
    print(f"peak memory of a docking child in MB by the number of warm targets: {held or 'not known here'}")


if __name__ == "__main__":
    main()
