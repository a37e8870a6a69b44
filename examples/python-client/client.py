"""Logistic regression in NumPy on a share of the digits: a model that GEdge knows nothing of.

    python client.py PART.csv --server-address EDGE-STATE-DIRECTORY --dataset digits

An edge that starts it itself (`trainers` in its configuration) says the last two in the environment.
"""

import argparse
import logging

import numpy as np

from gedge.client import NumPyClient, start_numpy_client


class DigitsClient(NumPyClient):
    names = ["weight", "bias"]

    def __init__(self, path):
        data = np.loadtxt(path, delimiter=",", dtype=np.float32)
        self.features, self.labels = data[:, :-1] / 16, data[:, -1].astype(int)

    def get_parameters(self, config):
        return [np.zeros((64, 10), np.float32), np.zeros(10, np.float32)]

    def fit(self, parameters, config):
        weight, bias = parameters
        for _ in range(config.get("local_epochs", 1)):
            errors = self.probabilities(weight, bias) - np.eye(10, dtype=np.float32)[self.labels]
            errors *= config.get("learning_rate", 0.5) / len(self.labels)
            weight, bias = weight - self.features.T @ errors, bias - errors.sum(axis=0)
        return [weight, bias], len(self.labels), {}

    def evaluate(self, parameters, config):
        probabilities = self.probabilities(*parameters)
        loss = -np.log(probabilities[np.arange(len(self.labels)), self.labels]).mean()
        accuracy = (probabilities.argmax(axis=1) == self.labels).mean()
        return float(loss), len(self.labels), {"accuracy": float(accuracy)}

    def probabilities(self, weight, bias):
        scores = self.features @ weight + bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--server-address")
    parser.add_argument("--dataset")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    start_numpy_client(
        server_address=arguments.server_address, client=DigitsClient(arguments.data), dataset=arguments.dataset
    )
