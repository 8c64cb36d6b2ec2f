"""What is compiled once need not be compiled again in the next session."""

import os
import subprocess
import sys

import jax
import pytest

from mlxc_edu.functionals._jax import CAN_KEEP

CODE = """
import jax
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event))
import mlxc_edu as mx
mf = mx.KS(mx.molecule("H2", basis="sto-3g"), "EDU26")
mf.grids.level = 0
mf.kernel()
print(hits.count("/jax/compilation_cache/cache_hits"))
"""


def hits(cache, **options):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_COMP", "JAX_PERSISTENT"))}
    env |= dict(MLXC_EDU_CACHE=str(cache), **options)
    done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(jax.__version_info__ < CAN_KEEP, reason="older versions cannot be trusted")
def test_programs_are_kept(tmp_path):
    assert hits(tmp_path) == 0
    assert hits(tmp_path) > 0


def test_where_programs_are_kept_is_the_users_to_say(tmp_path):
    hits(tmp_path / "ours", JAX_COMPILATION_CACHE_DIR=str(tmp_path / "theirs"))
    hits(tmp_path / "ours", JAX_ENABLE_COMPILATION_CACHE="0")
    assert not (tmp_path / "ours" / "compiled").exists()


MADE = 'import jax, mlxc_edu as mx; mx.KS(mx.molecule("H2", basis="sto-3g"), "EDU26"); '


def test_products_are_not_rounded():
    """As a GPU does by itself: its energies are then wrong by milli-Hartrees."""
    env = {k: v for k, v in os.environ.items() if k != "JAX_DEFAULT_MATMUL_PRECISION"}
    told = dict(env, JAX_DEFAULT_MATMUL_PRECISION="default")
    code = MADE + "print(jax.config.jax_default_matmul_precision)"
    for environment, wanted in [(env, "highest"), (told, "default")]:
        command = [sys.executable, "-c", code]
        assert subprocess.check_output(command, env=environment, text=True).strip() == wanted
