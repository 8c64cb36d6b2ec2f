"""The pages of the site that are no notebooks."""

from __future__ import annotations

import re
from pathlib import Path

from ..explore import GUIDES
from ..figures import about
from ._reference import pages

REPOSITORY = "https://github.com/mlxc-edu/mlxc-edu"
BINDER = "https://mybinder.org/v2/gh/mlxc-edu/mlxc-edu/main?urlpath="
_HOME = """# From the Schrödinger equation to a learned density functional

Density-functional theory is the workhorse of chemistry, and it fails in known ways: pull salt apart
and common functionals leave a fraction of an electron on each atom. Here you see why, and what
functionals that were *learned* make of it. Every number on these pages was computed by the page it
stands on; each can be run again.

- **Ten minutes?** [The tour](00_tour).
- **Nothing to install:** [open the tour on Binder]({binder}lab/tree/notebooks/00_tour.ipynb), or
  [play with the apps there]({binder}voila/render/apps/gallery.ipynb).
- **Your own machine:** [how to install, and Colab](install).

## The series

{series}

```{{toctree}}
:hidden:
:caption: The series
{notebooks}
```

```{{toctree}}
:hidden:
:caption: Exercises
{exercises}
```

```{{toctree}}
:hidden:
:caption: To play with, to use
apps
install
reference/index
```
"""
_INSTALL = """# Install, Binder, Colab

**Your own machine.** Linux or macOS, Python 3.11 to 3.13 (Windows: in WSL, or on Binder):

```sh
git clone {repository} && cd mlxc-edu
python3 -m venv .venv && .venv/bin/python -m pip install ".[notebooks]"
.venv/bin/mlxc-edu lab
```

**Binder** runs the notebooks on a machine with two processors and 2 GB of memory, for a visit; the
rocket above each notebook opens it there. Save what you want to keep.

**Colab.** The rocket's other entry opens a notebook on Colab. Colab knows nothing of this library;
let this be the first cell:

```sh
%pip install -q "mlxc-edu[notebooks] @ git+{repository}"
```

That could not be tried: the authors had no account there.
"""


def write_words(sources: Path, series: list[Path], exercises: list[Path]) -> None:
    """Everything that Sphinx reads beside notebooks, into ``sources``."""
    listed = []
    for notebook in series:
        said = about(notebook)
        time = f" *{said.time[:1].upper()}{said.time[1:]}.*" if said.time else ""
        question = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", said.question)
        listed.append(f"**[{said.title}]({notebook.stem})** · {question}{time}")
    home = _HOME.format(
        binder=BINDER,
        series="\n\n".join(listed),
        notebooks="\n".join(p.stem for p in series),
        exercises="\n".join(_short(p) for p in exercises),
    )
    (sources / "index.md").write_text(home, encoding="utf-8")
    (sources / "install.md").write_text(_INSTALL.format(repository=REPOSITORY), encoding="utf-8")
    (sources / "apps.md").write_text(_gallery(), encoding="utf-8")
    reference = sources / "reference"
    reference.mkdir()
    written = pages()
    for name, text in written.items():
        (reference / f"{name}.rst").write_text(text, encoding="utf-8")
    names = "\n".join(written)
    (reference / "index.md").write_text(
        f"# Public names\n\n`import mlxc_edu as mx`\n\n```{{toctree}}\n{names}\n```\n"
    )


def _short(exercise: Path) -> str:
    """An entry of the contents: what all titles begin with need not be said each time."""
    title = about(exercise).title.removeprefix("Exercises to notebook ")
    return f"{title} <exercises/{exercise.stem}>"


def _gallery() -> str:
    """The apps, each with what it is about and what to try."""
    parts = [
        "# Apps\n\nExplorers without code. `mlxc-edu app` opens them all in a browser, "
        f"`mlxc-edu app NAME` one; [Binder]({BINDER}voila/render/apps/gallery.ipynb) does "
        "without an installation. A picture of each, whose slider moves, stands in the notebooks."
    ]
    for name, guide in GUIDES.items():
        tries = "\n".join(f"- {what}" for what in guide.tries)
        parts.append(f"## {guide.title}\n\n`mlxc-edu app {name}`\n\n{guide.about}\n\n{tries}")
    return "\n\n".join(parts) + "\n"
