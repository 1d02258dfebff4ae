"""Replies as models give them, good, decorated and broken, against the strict readers of `sciopt.engines.replies`.

    python benchmarks/reply_fuzz.py [--replies 100000] [--seed 0]

A value is planted in each reply. A reply that is only decorated has to be read, and every reply has to give the planted
value or a `ValueError`: any other exception, and any other value, ends the benchmark with an error. The same generator
feeds the quick test. The peer in the same run takes what stands between the first two tags, or what `json.loads` makes
of the reply: how often that is a value that nobody planted.
"""

from __future__ import annotations

import argparse
from collections import Counter

from machine import machine
from replies.reading import line, naive, run


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--replies", type=int, default=100_000, help="replies to read (default: 100000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ours, peer = run(options.replies, options.seed), run(options.replies, options.seed, naive)
    print(f"{machine()}; {options.replies} replies ({ours.legible} legible, {ours.broken} broken), seed {options.seed}")
    print(f"{'':34}{'read':>11}{'refused':>10}{'wrong':>8}{'crashed':>9}   slowest")
    print(line("sciopt.engines.replies", ours))
    print(line("first tags, or json.loads", peer))
    print(
        "read: of the legible ones; refused: of the broken ones, the others gave the planted value; wrong: a value that"
    )
    print("nobody planted; crashed: another exception than ValueError")
    for sort, count in Counter(f"{case.reader}: {case.sort}" for case in ours.wrong).most_common(20):
        print(f"  wrong: {count} x {sort}")
    for case, error in ours.crashed[:10]:
        print(f"  crashed: {case.reader}, {case.sort}: {error!r:.100}")
    if ours.wrong or ours.crashed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
