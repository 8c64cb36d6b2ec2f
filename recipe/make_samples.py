"""Build all samples that the training needs, in pieces; what is there is kept.

MLXC_EDU_TRAINING_DIR=… python recipe/make_samples.py --workers 2
"""

import argparse

from make_energies import done

from mlxc_edu.training import ATOMS, _cache
from mlxc_edu.training._pairs import pairs


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    rows = [row for row in done().values() if "failed" not in row and row["kind"] != "atom"]
    jobs = [{"atom": symbol} for symbol in ATOMS]
    jobs += [pair.job for pair in pairs()]
    jobs += [{k: row[k] for k in ("name", "geometry", "charge", "spin")} for row in rows]
    for name, why in _cache.build(jobs, _cache.folder(), options.workers).items():
        print(f"{name}: {why}")


if __name__ == "__main__":
    main()
