"""EfficientNet-B0 of torchvision on a file in CIFAR-10's Python format, as Flower's newer examples are written.

    python efficientnet.py data_batch_1 --server-address EDGE-STATE-DIRECTORY --dataset cifar-10

Each edge has a batch file of its own. `--samples` takes only the first ones.
"""

import argparse
import logging
import pickle

import torch
from torch.nn.functional import cross_entropy
from torchvision.models import efficientnet_b0

from gedge import get_weights, set_weights, weight_names
from gedge.client import ClientApp, NumPyClient


def load(path, samples):
    # CIFAR-10's own format is a pickle: read only files that you trust.
    with open(path, "rb") as file:
        batch = pickle.load(file, encoding="bytes")
    images = torch.tensor(batch[b"data"][:samples]).reshape(-1, 3, 32, 32).float() / 255
    return (images - 0.5) / 0.25, torch.tensor(batch[b"labels"][:samples])


class CifarClient(NumPyClient):
    def __init__(self, model, images, labels):
        self.model, self.images, self.labels = model, images, labels
        self.names = weight_names(model)

    def get_parameters(self, config):
        return get_weights(self.model)

    def fit(self, parameters, config):
        set_weights(self.model, parameters)
        torch.manual_seed(config["seed"] + config["server_round"])
        optimizer = torch.optim.SGD(self.model.parameters(), lr=config.get("learning_rate", 0.01), momentum=0.9)
        self.model.train()
        total = 0.0
        for _ in range(config.get("local_epochs", 1)):
            for part in torch.randperm(len(self.labels)).split(config.get("batch_size", 32)):
                optimizer.zero_grad()
                loss = cross_entropy(self.model(self.images[part]), self.labels[part])
                loss.backward()
                optimizer.step()
                total += loss.item() * len(part)
        samples = len(self.labels)
        return get_weights(self.model), samples, {"loss": total / samples / config.get("local_epochs", 1)}

    @torch.no_grad()
    def evaluate(self, parameters, config):
        set_weights(self.model, parameters)
        self.model.eval()
        scores = torch.cat([self.model(images) for images in self.images.split(64)])
        accuracy = (scores.argmax(1) == self.labels).float().mean().item()
        return cross_entropy(scores, self.labels).item(), len(self.labels), {"accuracy": accuracy}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--server-address")
    parser.add_argument("--dataset")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data = load(arguments.data, arguments.samples)
    torch.manual_seed(0)
    network = efficientnet_b0(num_classes=10)

    def client_fn(context):
        return CifarClient(network, *data).to_client()

    app = ClientApp(client_fn=client_fn)
    app.start(server_address=arguments.server_address, dataset=arguments.dataset)
