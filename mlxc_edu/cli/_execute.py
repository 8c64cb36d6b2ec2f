"""A notebook executed by papermill: in our own Python, in the notebook's folder, with one line said
however it ends."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import nbformat
import papermill
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets import default

from ._parameters import values

PATIENCE = 600  # seconds until a kernel on a busy machine answers
OURS = ("MLXC_EDU_CACHE", "MLXC_EDU_DM21_DIR")  # folders; may be relative to where we are


class OurKernel(AsyncKernelManager):
    """ipykernel in the Python that runs the command, whatever kernels the user has installed."""

    @default("kernel_spec_manager")
    def _nobody_elses(self):
        return KernelSpecManager(kernel_dirs=[])


def parameters(notebook: Path, given: list[tuple[str, str]]) -> dict:
    """What ``-p`` says, checked against the notebook; ValueError where it is none of ours."""
    try:
        nb = nbformat.read(notebook, as_version=4)
        cells = [c for c in nb.cells if "parameters" in c.metadata.get("tags", [])]
    except Exception as error:  # anything may be in the file
        raise ValueError(f"{notebook} cannot be read as a notebook") from error
    spec, info = (nb.metadata.get(name, {}) for name in ("kernelspec", "language_info"))
    language = info.get("name") or spec.get("language") or "python"
    if language.lower() not in ("python", "ipython"):
        raise ValueError(f"{notebook} is written in {language}; only Python's notebooks run here")
    source = TransformerManager().transform_cell(cells[0].source) if cells else None
    return values(notebook.name, source, given)


def execute(notebook: Path, chosen: dict, executed: Path) -> bool:
    """Execute into a file. False where that went wrong, with a line on stderr that says what is
    where; KeyboardInterrupt with the same."""
    for name in ("papermill", "asyncio"):  # what they would say of a kernel's end is said below
        logging.getLogger(name).setLevel(logging.CRITICAL)
    _keep_places()
    so_far = f"the notebook up to there: {executed}"
    try:
        papermill.execute_notebook(
            _literally(notebook),
            _literally(executed),
            chosen,
            kernel_name=NATIVE_KERNEL_NAME,
            language="python",
            kernel_manager_class=OurKernel,
            extra_arguments=["--log-level=CRITICAL"],
            store_widget_state=False,  # megabytes of JavaScript, dead without this kernel
            start_timeout=PATIENCE,
            cwd=notebook.absolute().parent,
        )
    except PapermillExecutionError as error:
        why = f"{error.ename}: {error.evalue}".strip().splitlines()[0]
        what = f"the cell that begins {_first_line(error.source)!r} failed with {why}"
    except DeadKernelError:
        cell = _first_line(_last_begun(executed))
        what = f"the kernel died, most often for want of memory, in the cell that begins {cell!r}"
    except RuntimeError as error:  # so says jupyter_client where a kernel ends before it begins
        what, so_far = "the kernel did not start", " ".join(str(error).split())
    except KeyboardInterrupt:
        raise KeyboardInterrupt(so_far) from None
    else:
        return True
    print(f"mlxc-edu: {notebook.name}: {what}; {so_far}", file=sys.stderr)
    return False


def _literally(path: Path) -> str:
    """Papermill fills in what stands in braces."""
    return str(path.absolute()).replace("{", "{{").replace("}", "}}")


def _keep_places() -> None:
    """The kernel's folder is another than ours."""
    for name in OURS:
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    if path := os.environ.get("PYTHONPATH"):
        os.environ["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, path.split(os.pathsep)))


def _last_begun(executed: Path) -> str:
    cells = nbformat.read(executed, as_version=4).cells
    code = [c for c in cells if c.cell_type == "code" and c.source.strip()]
    begun = [c.source for c in code if c.metadata.get("papermill", {}).get("start_time")]
    return begun[-1] if begun else ""


def _first_line(source: str) -> str:
    return (source.strip().splitlines() or [""])[0][:70]
