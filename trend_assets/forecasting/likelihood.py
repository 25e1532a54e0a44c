"""How near a topic came to what a label needs: more can be learnt from that than from whether it got there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: The shape of the negative binomial distribution: where m mentions are expected, their variance is m + m^2 / 4.
_SHAPE = 4
#: Expected of a topic that was never mentioned again.
_LEAST = 0.05


def likelihood(after: npt.NDArray[np.int64], needed: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """How likely a topic of which `after` mentions came would get those `needed` if its day came again; same shape.

    What came is one draw of what was to be expected: of eight needed, seven say nearly as much as eight, and less
    than thirty. Mentions are taken as negative binomial (overdispersed counts, Hilbe 2011) about what came.

    Args:
        after: mentions in the horizon.
        needed: mentions from which a label comes true, at least one.
    """
    # Taken where it is used: only what trains pays for loading it.
    from scipy.special import nbdtrc

    mean = np.maximum(after, _LEAST)
    return nbdtrc(needed - 1, _SHAPE, _SHAPE / (_SHAPE + mean)).astype(np.float32)
