"""Released model parameters: fetched by hash, verified, read without TensorFlow.

DM21 model parameters © DeepMind (Kirkpatrick et al., Science 374, 1385 (2021)), CC BY 4.0,
https://creativecommons.org/licenses/by/4.0/. They are downloaded, never part of this package.
"""

from ._bundle import BundleError
from ._released import (
    ATTRIBUTION,
    FILES,
    MODELS,
    MissingWeights,
    WrongWeights,
    canonical,
    fetch,
    folder,
    load,
    verify,
)
from ._shipped import SHIPPED, fingerprint, is_file, load_occupation, load_ours

LEARNED = (*SHIPPED, *MODELS)
"""Names of learned functionals; a file of parameters of one of our forms is another."""
