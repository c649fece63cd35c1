"""The stacker's loss, minimised by SciPy's L-BFGS-B within the same bounds, as reference.json. In a Python that has scipy:

    python reference.py > reference.json
"""

import json

import numpy as np
from scipy.optimize import minimize

ROWS, RIDGE, OVERLAP = 240, 3.0, 4.0

random = np.random.default_rng(11)
truth = random.normal(0, 0.8, ROWS)
label = (random.random(ROWS) < 1 / (1 + np.exp(-truth))).astype(int)
noise = random.normal(0, 1, (3, ROWS))
# One that knows and is too sure, one that knows a little, and one that is wrong, which may be given no negative weight.
odds = np.array([2 * truth + 0.3 * noise[0], 0.4 * truth + 0.8 * noise[1], -1.5 * truth + 0.5 * noise[2]])
up = (1 / (1 + np.exp(-odds))).round(6)
odds = np.log(up / (1 - up))


def loss(at):
    score = at[0] + at[1:] @ odds
    value = (np.logaddexp(0, score) - label * score).sum() / OVERLAP + RIDGE / 2 * ((at[1:] - 1 / 3) ** 2).sum()
    miss = (1 / (1 + np.exp(-score)) - label) / OVERLAP
    return value, np.concatenate([[miss.sum()], odds @ miss + RIDGE * (at[1:] - 1 / 3)])


found = minimize(
    loss,
    np.array([0.0, 1 / 3, 1 / 3, 1 / 3]),
    jac=True,
    method="L-BFGS-B",
    bounds=[(None, None), (0, None), (0, None), (0, None)],
    options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1_000},
)
print(
    json.dumps(
        {
            "label": label.tolist(),
            "up": up.tolist(),
            "ridge": RIDGE,
            "overlapRows": OVERLAP,
            "intercept": float(found.x[0]),
            "coefficients": found.x[1:].tolist(),
        },
        separators=(",", ":"),
    )
)
