"""torch_train.py: samples a second that PyTorch trains LeNet-5 and MobileNetV2 on, on one thread, as our benchmark `neuralnet.train` does:
batches of 32 of a fresh order, cross-entropy, SGD with momentum; the median of five epochs after one to warm up.
"""

import json
import statistics
import time

import torch
from torch import nn

BATCH, CLASSES, REPEATS = 32, 10, 5


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, CLASSES))


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    ]


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int):
        super().__init__()
        hidden = inputs * expansion
        layers = convolution(inputs, hidden, 1) if expansion > 1 else []
        layers += convolution(hidden, hidden, 3, stride, hidden)
        self.body = nn.Sequential(*layers, nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


def mobilenet() -> nn.Module:
    layers, channels = convolution(3, 32, 3, 2), 32
    for expansion, outputs, repeats, first in [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]:
        for index in range(repeats):
            layers.append(Block(channels, outputs, first if index == 0 else 1, expansion))
            channels = outputs
    return nn.Sequential(
        *layers, *convolution(channels, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2),
        nn.Linear(1280, CLASSES))


def epoch(model: nn.Module, images, labels, optimizer) -> float:
    began = time.perf_counter()
    order = torch.randperm(len(labels))
    for start in range(0, len(labels), BATCH):
        rows = order[start:start + BATCH]
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[rows]), labels[rows]).backward()
        optimizer.step()
    return time.perf_counter() - began


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    for name, model, shape, batches in [
        ("lenet-5", lenet(), (1, 28, 28), 60), ("mobilenet-v2", mobilenet(), (3, 32, 32), 10),
    ]:
        count = BATCH * batches
        images, labels = torch.rand(count, *shape), torch.randint(0, CLASSES, (count,))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
        model.train()
        seconds = [epoch(model, images, labels, optimizer) for _ in range(REPEATS + 1)][1:]
        print(json.dumps({
            "benchmark": "neuralnet.train", "variant": f"{name}, batch {BATCH}",
            "value": count / statistics.median(seconds), "unit": "samples/s",
        }))


if __name__ == "__main__":
    main()
