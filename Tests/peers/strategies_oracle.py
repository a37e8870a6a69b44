"""Rounds of one aggregation strategy in NumPy and float64, written from the papers' definitions.

strategies_oracle.py FOLDER: reads settings.json, `base` (float32) and `updates` (float32; rounds, clients, values), and writes
`models` (float64; rounds, values): the global model after each round, and `control` (float64): SCAFFOLD's control variate after the last.
"""

import json
import sys

import numpy as np

folder = sys.argv[1]
settings = json.load(open(f"{folder}/settings.json"))
kind, given = settings["kind"], settings["values"]
samples = np.array(settings["samples"], "f8")
steps, losses = np.array(settings["steps"], "f8"), np.array(settings["losses"], "f8")
rho, rate = settings["momentum"], settings["learningRate"]
model = np.fromfile(f"{folder}/base", "<f4").astype("f8")
updates = np.fromfile(f"{folder}/updates", "<f4").astype("f8").reshape(settings["rounds"], len(samples), len(model))
shares = samples / samples.sum()


def distances(vectors):
    return np.array([[np.sum((a - b) ** 2) for b in vectors] for a in vectors])


def krum_scores(matrix, f):
    """Blanchard 2017: for each vector, the sum over its n - f - 2 nearest others."""
    n = len(matrix)
    neighbours = max(1, n - f - 2)
    return [np.sort(np.delete(matrix[i], i))[:neighbours].sum() for i in range(n)]


def fedavg(w, x):
    return np.average(x, axis=0, weights=samples)


velocity = np.zeros_like(model)


def fedavgm(w, x):
    """Hsu 2019: v = beta v + delta, w = w - eta v, with delta = sum n_k / n (w - w_k)."""
    global velocity
    velocity = given.get("momentum", 0.9) * velocity + np.average(w - x, axis=0, weights=samples)
    return w - given.get("learningRate", 1) * velocity


first = np.zeros_like(model)
second = np.full_like(model, given.get("tau", 1e-3) ** 2)


def adaptive(standard_rate, standard_beta1, accumulate):
    """Reddi 2021, algorithm 2, with the updates' mean weighted by samples."""

    def step(w, x):
        global first, second
        delta = np.average(x - w, axis=0, weights=samples)
        beta1 = given.get("beta1", standard_beta1)
        first = beta1 * first + (1 - beta1) * delta
        second = accumulate(second, delta, given.get("beta2", 0.99))
        return w + given.get("learningRate", standard_rate) * first / (np.sqrt(second) + given.get("tau", 1e-3))

    return step


def fednova(w, x):
    """Wang 2020, section 4 and appendix: a_k is written out step by step, so its norm is no closed form here."""
    norms = []
    for count in steps.astype(int):
        a = np.zeros(count)
        for at in range(count):  # a gradient of step `at` counts once in each velocity from there on, damped by rho
            a[at] = sum(rho ** (later - at) for later in range(at, count))
        norms.append(a.sum())
    direction = sum(p * (w - u) / a for p, u, a in zip(shares, x, norms))
    return w - np.dot(shares, norms) * direction


def qfedavg(w, x):
    """Li 2020, algorithm 2."""
    q, lipschitz = given.get("q", 0.1), given.get("lipschitz", 1 / rate)
    deltas, hs = [], []
    for update, loss in zip(x, losses):
        gradient = lipschitz * (w - update)
        deltas.append(loss**q * gradient)
        hs.append(q * loss ** (q - 1) * np.sum(gradient**2) + lipschitz * loss**q)
    return w - sum(deltas) / sum(hs)


def median(w, x):
    return np.median(x, axis=0)


def trimmed_mean(w, x):
    cut = int(np.floor(given.get("trim", 0.2) * len(x)))
    return np.sort(x, axis=0)[cut : len(x) - cut].mean(axis=0)


def krum(w, x):
    return x[int(np.argmin(krum_scores(distances(x), int(given.get("byzantine", 1)))))]


def multi_krum(w, x):
    f = int(given.get("byzantine", 1))
    chosen = np.argsort(krum_scores(distances(x), f), kind="stable")[: int(given.get("selected", len(x) - f - 2))]
    return x[chosen].mean(axis=0)


def bulyan(w, x):
    """El Mhamdi 2018: Krum again and again without those it chose, then by coordinate those nearest to the median."""
    f = int(given.get("byzantine", 1))
    left, chosen, theta = list(range(len(x))), [], len(x) - 2 * f
    while len(chosen) < theta:
        best = left[int(np.argmin(krum_scores(distances(x[left]), f)))]
        left.remove(best)
        chosen.append(best)
    selected, beta = x[chosen], theta - 2 * f
    nearest = np.argsort(np.abs(selected - np.median(selected, axis=0)), axis=0, kind="stable")[:beta]
    return np.take_along_axis(selected, nearest, axis=0).mean(axis=0)


def norm_clipping(w, x):
    norms = np.linalg.norm(x - w, axis=1)
    bound = given.get("maximumNorm", np.median(norms))
    return w + np.average((x - w) * np.minimum(1, bound / norms)[:, None], axis=0, weights=samples)


controls = np.zeros((len(samples), len(model)))
control = np.zeros_like(model)


def scaffold(w, x):
    """Karimireddy 2020, algorithm 1, option II, with every client's control variate kept."""
    global controls, control
    new = controls - control + (w - x) / (steps * rate)[:, None]
    moved = w + given.get("learningRate", 1) * (x - w).mean(axis=0)
    control = control + (new - controls).sum(axis=0) / len(samples)
    controls = new
    return moved


step = {
    "scaffold": scaffold,
    "fedavg": fedavg,
    "fedprox": fedavg,  # the proximal term is the clients' affair
    "fedavgm": fedavgm,
    "fedadagrad": adaptive(0.1, 0.0, lambda v, d, b: v + d**2),
    "fedadam": adaptive(0.03, 0.9, lambda v, d, b: b * v + (1 - b) * d**2),
    "fedyogi": adaptive(0.03, 0.9, lambda v, d, b: v - (1 - b) * d**2 * np.sign(v - d**2)),
    "fednova": fednova,
    "qfedavg": qfedavg,
    "median": median,
    "trimmed-mean": trimmed_mean,
    "krum": krum,
    "multi-krum": multi_krum,
    "bulyan": bulyan,
    "norm-clipping": norm_clipping,
}[kind]
models = []
for x in updates:
    model = step(model, x)
    models.append(model)
np.array(models).astype("<f8").tofile(f"{folder}/models")
control.astype("<f8").tofile(f"{folder}/control")
