"""What is mixed into a learned Kohn–Sham object by density_fit() and newton()."""

from __future__ import annotations

from pyscf import lib

from ..methods import refuses_other_routes


@refuses_other_routes()  # once more: PySCF's class, mixed in below, brings some of them
class FittedCoulomb:
    """Mixed in where the Coulomb energy is fitted."""

    def undo_df(self):
        return _without(super().undo_df(), FittedCoulomb)

    def nuc_grad_method(self):
        raise NotImplementedError(
            f"nuclear gradients of {self.xc} with density_fit() are not available; "
            "without density_fit() they are"
        )

    Gradients = nuc_grad_method


class SecondOrder:
    """Mixed in where convergence is of second order."""

    def density_fit(self, *args, **kwargs):
        raise NotImplementedError("call density_fit() first and newton() on what it returns")

    def undo_newton(self):
        return _without(super().undo_newton(), SecondOrder)


def _without(mf, mixin: type):
    return lib.view(mf, lib.drop_class(type(mf), mixin))
