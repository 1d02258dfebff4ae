"""Do the expected effects of findings hold? Each finding's own edit is docked and compared, by kind of finding.

    python benchmarks/pose_model.py [--targets F2 PDE5A] [--exhaustiveness 4] [--cache FOLDER]

For each parent and target: the parent is docked, then the edit of every finding that has one, under the same protocol.
Printed by kind: how often the sign of the loss change was right, Spearman's rank correlation and the root mean square
error of the expected change of the Vina score, beside two controls in the same run: no change at all, and a change that
only follows the number of heavy atoms. With --cache an interrupted run goes on where it was. F2 and PDE5A took no part
in fitting the model (that was on JAK2 and PPARD).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from machine import machine
from rdkit import Chem

from sciopt.bench import Bench
from sciopt.cache import Cache
from sciopt.objectives.molecule import DockingProtocol, MoleculeObjective
from sciopt.objectives.molecule.size import expected_by_size
from sciopt.sieve import spearman

PARENTS = (
    "c1ccccc1",
    "O=C(NCc1ccccc1)c1ccccc1",
    "CC(=O)Nc1ccc(C)cc1",
    "NC(=O)c1ccc(-c2ccccn2)cc1",
    "O=S(=O)(Nc1ccccc1)c1ccc(F)cc1",
    "CN1CCC(NC(=O)Cc2ccccc2)CC1",
    "Cc1cc(C)nc(Nc2cccc(C(N)=O)c2)n1",
    "COc1ccc(CC(=O)Nc2cccc(F)c2)cc1",
)


@dataclass(frozen=True)
class Pair:
    """One edit: expected and realised changes of the Vina score (kcal/mol) and of the loss, and what size foresees."""

    kind: str
    expected: float
    realised: float
    by_size: float
    expected_loss: float
    realised_loss: float


def pairs(target: str, *, exhaustiveness: int, cache: Cache, workers: int) -> list[Pair]:
    """Parents and the edits of their findings, docked into one target."""
    objective = MoleculeObjective(target, docking=DockingProtocol(exhaustiveness=exhaustiveness))
    with ThreadPoolExecutor(workers) as executor:
        bench = Bench(objective, cache=cache, executor=executor)
        parents = [each.evaluation for each in bench.evaluate([objective.canonical(p) for p in PARENTS])]
        wanted = [(parent, finding) for parent in parents for finding in parent.findings if finding.edit]
        children = bench.evaluate(sorted({finding.edit for _, finding in wanted if finding.edit}))
    objective.close()
    made = {each.evaluation.value: each.evaluation for each in children}
    found = []
    for parent, finding in wanted:
        child = made[str(finding.edit)]
        vina, loss = finding.effect("Vina score"), finding.effect("loss")
        if child.failure is None and vina is not None and loss is not None:
            sizes = [Chem.MolFromSmiles(e.value).GetNumHeavyAtoms() for e in (parent, child)]
            realised = child.measured("Vina score") - parent.measured("Vina score")
            by_size = expected_by_size(sizes[0], sizes[1])
            found.append(Pair(finding.kind, vina.change, realised, by_size, loss.change, child.loss - parent.loss))
    return found


def error(values: Iterable[float]) -> float:
    """Root mean square."""
    squares = [value * value for value in values]
    return math.sqrt(math.fsum(squares) / len(squares))


def row(kind: str, some: Sequence[Pair]) -> str:
    """One line of the table."""
    sign = sum((p.expected_loss < 0) == (p.realised_loss < 0) for p in some) / len(some)
    ranks = [spearman([(p.expected, p.realised) for p in some]), spearman([(p.by_size, p.realised) for p in some])]
    errors = [
        error(p.expected - p.realised for p in some),
        error(p.realised for p in some),
        error(p.by_size - p.realised for p in some),
    ]
    shown = "".join(f"{'-' if rank is None else format(rank, '+.2f'):>9}" for rank in ranks)
    return f"{kind:20}{len(some):6}{sign:7.2f}{shown}" + "".join(f"{e:11.2f}" for e in errors)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--targets", nargs="+", default=["F2", "PDE5A"])
    parser.add_argument("--exhaustiveness", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=None, help="folder of dockings, to go on after an interruption")
    chosen = parser.parse_args()
    print(f"{machine()}; {', '.join(chosen.targets)}, exhaustiveness {chosen.exhaustiveness}")
    found: list[Pair] = []
    for target in chosen.targets:
        cache = Cache(chosen.cache)
        found += pairs(target, exhaustiveness=chosen.exhaustiveness, cache=cache, workers=chosen.workers)
    print(f"{'':26}{'sign':>7}{'rank correlation':>18}{'root mean square error, kcal/mol':>33}")
    columns = f"{'finding':>9}{'size':>9}{'finding':>11}{'no change':>11}{'size':>11}"
    print(f"{'kind of finding':20}{'pairs':>6}{'loss':>7}{columns}")
    for kind in sorted({p.kind for p in found}):
        print(row(kind, [p for p in found if p.kind == kind]))
    print(row("all", found))


if __name__ == "__main__":
    main()
