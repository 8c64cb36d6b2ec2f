"""JAX as the package needs it: numbers of 64 bits, products of 32 where 32 are asked for, and
compiled programs that are kept on disk."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import jax
import jaxlib
import platformdirs

# Before, a macOS process may die of what another one has compiled, and some Intel processors refuse
# their own (https://github.com/jax-ml/jax/issues/38445).
CAN_KEEP = (0, 10, 2)


def set_up() -> None:
    """Throw the switch; programs are kept unless the user has said where, or that none are. A GPU
    is shared by several workers: none takes all of its memory at once."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    jax.config.update("jax_enable_x64", True)
    if jax.config.values["jax_default_matmul_precision"] is None:  # a GPU rounds factors to 11 bits
        jax.config.update("jax_default_matmul_precision", "highest")
    said = {"JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE"} & {*os.environ}
    if said or jax.__version_info__ < CAN_KEEP or jax.config.values["jax_compilation_cache_dir"]:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def folder() -> Path:
    """Where programs are kept that this version of XLA has compiled for this processor."""
    root = os.environ.get("MLXC_EDU_CACHE") or platformdirs.user_cache_dir("mlxc-edu")
    processor = hashlib.sha256(_features().encode()).hexdigest()[:12]
    return Path(root).expanduser().absolute() / "compiled" / f"{jaxlib.__version__}-{processor}"


def _features() -> str:
    """What a processor can do, where the system tells, else its kind."""
    kind = f"{platform.system()} {platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return kind
    return kind + next((line for line in lines if line.startswith(("flags", "Features"))), "")
