"""Environments, advantages and the loss of a policy in NumPy and float64, written from their definitions.

reinforcement_oracle.py FOLDER: reads task.json, writes answer.json. A task has a `kind`:

- `cartpole`: `states` and an action in each; answers the `states` they lead to and `done`, by the equations of Barto, Sutton and Anderson 1983 as Florian
  2007 ("Correct Equations for the Dynamics of the Cart-Pole System") derives them without friction;
- `gridworld`: `map`, `actions`, `slip`, `seed`; answers `cells` and `done`;
- `advantages`: the rollout of one environment after the other; answers `advantages`, as sums over all later steps;
- `loss`: `outputs` and `samples`; answers `loss`, `valueError` and `gradient`, the last by central differences.
"""

import json
import sys

import numpy as np

folder = sys.argv[1]
task = json.load(open(f"{folder}/task.json"))


def cartpole(task):
    gravity, cart, pole, length, force, tau = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
    states, done = [], []
    for before, action in zip(task["states"], task["actions"]):
        state = np.array(before)
        x, v, theta, omega = state
        f = force if action == 1 else -force
        total = cart + pole
        # Florian's equations (23) and (24) with no friction.
        alpha = (gravity * np.sin(theta) + np.cos(theta) * (-f - pole * length * omega**2 * np.sin(theta)) / total) / (
            length * (4 / 3 - pole * np.cos(theta) ** 2 / total)
        )
        a = (f + pole * length * (omega**2 * np.sin(theta) - alpha * np.cos(theta))) / total
        state = state + tau * np.array([v, a, omega, alpha])
        states.append(state.tolist())
        done.append(bool(abs(state[0]) > 2.4 or abs(state[2]) > np.deg2rad(12)))
    return {"states": states, "done": done}


def splitmix(seed):
    mask = (1 << 64) - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        word = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        yield ((word ^ (word >> 31)) >> 11) * 2.0**-53


def gridworld(task):
    grid = np.array([list(row) for row in task["map"]])
    place, goal = (np.argwhere(grid == letter)[0] for letter in "SG")
    moves = np.array([[-1, 0], [0, 1], [1, 0], [0, -1]])
    chances, cells, done = splitmix(task["seed"]), [], []
    for action in task["actions"]:
        move = moves[action]
        if task["slip"] > 0:
            chance = next(chances)
            if chance < task["slip"] / 2:  # a quarter turn to the left
                move = np.array([-move[1], move[0]])
            elif chance < task["slip"]:
                move = np.array([move[1], -move[0]])
        there = place + move
        if (there >= 0).all() and (there < grid.shape).all() and grid[tuple(there)] != "#":
            place = there
        cells.append(int(place[0] * grid.shape[1] + place[1]))
        done.append(bool((place == goal).all()))
    return {"cells": cells, "done": done}


def advantages(task):
    """Schulman 2016, equation (16): the sum of (gamma lambda)^l times the TD errors of an episode."""
    count = task["environments"]
    r, v, w, end = (np.array(task[key]) for key in ["rewards", "values", "nextValues", "isEnd"])
    result = np.zeros(len(r))
    delta = r + task["discount"] * w - v
    for i in range(len(r)):
        factor, j = 1.0, i
        while j < len(r):
            result[i] += factor * delta[j]
            if end[j]:
                break
            factor *= task["discount"] * task["lambda"]
            j += count
    return {"advantages": result.tolist()}


def loss(task):
    samples = task["samples"]
    action = np.array([s["action"] for s in samples])
    old, advantage, target = (np.array([s[key] for s in samples]) for key in ["logProbability", "advantage", "target"])
    rows = np.arange(len(samples))

    def parts(outputs):
        z, value = outputs[:, :-1], outputs[:, -1]
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        ratio = p[rows, action] / np.exp(old)
        surrogate = np.minimum(ratio * advantage, np.clip(ratio, 1 - task["clip"], 1 + task["clip"]) * advantage)
        entropy = -(p * np.log(p)).sum(axis=1)
        error = (value - target) ** 2
        return surrogate.mean(), error.mean(), entropy.mean()

    def total(outputs):
        surrogate, error, entropy = parts(outputs)
        return -surrogate + task["valueWeight"] * error - task["entropyWeight"] * entropy

    outputs = np.array(task["outputs"]).reshape(len(samples), -1)
    gradient, step = np.zeros_like(outputs), 1e-6
    for index in np.ndindex(outputs.shape):
        up, down = outputs.copy(), outputs.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (total(up) - total(down)) / (2 * step)
    return {"loss": total(outputs), "valueError": parts(outputs)[1], "gradient": gradient.ravel().tolist()}


answer = {"cartpole": cartpole, "gridworld": gridworld, "advantages": advantages, "loss": loss}[task["kind"]](task)
json.dump(answer, open(f"{folder}/answer.json", "w"))
