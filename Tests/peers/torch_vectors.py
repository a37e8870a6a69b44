"""torch_vectors.py FOLDER: what PyTorch makes of three small networks that have every kind of layer, computed in float64.

For each network NAME, FOLDER/NAME.safetensors holds what went in (`features`, `labels`), the state dictionary it began with
(`initial.*`), the loss and the gradients of the first batch (`loss`, `gradient.*`), the logits when judging
(`judged`), and the state dictionary after five steps of each optimiser (`sgd.*`, `nesterov.*`, `adam.*`, `adamw.*`).
Tests/NeuralNetTests/TorchVectorTests.swift builds the same networks. Run with an interpreter that has PyTorch, such as
.build/bench-venv/bin/python after Tools/bootstrap --bench.
"""

import copy
import json
import sys
from pathlib import Path

import torch
from torch import nn

STEPS = 5


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + (x if self.shortcut is None else self.shortcut(x))


def networks():
    """Name, module, shape of a sample, classes."""
    yield "layers", nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.ReLU6(), nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(8, 12, 1, groups=4), nn.LayerNorm([12, 3, 3]), nn.AvgPool2d(2, 1, 1), nn.Flatten(),
        nn.Linear(12 * 16, 10), nn.ReLU(), nn.Linear(10, 5),
    ), (3, 11, 10), 5
    yield "residual", nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        Residual(nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))),
        nn.ReLU(),
        Residual(
            nn.Sequential(nn.Conv2d(8, 20, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(20), nn.ReLU6()),
            nn.Sequential(nn.Conv2d(8, 20, 1, stride=2, bias=False), nn.BatchNorm2d(20))),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 4),
    ), (2, 8, 8), 4
    yield "vector", nn.Sequential(
        nn.Linear(7, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 9), nn.LayerNorm([9]), nn.ReLU(),
        nn.Linear(9, 3),
    ), (7,), 3


def optimisers(model):
    """Decay is for weights of two axes or more."""

    def groups():
        return [
            {"params": [p for p in model.parameters() if p.dim() >= 2 and not is_norm(model, p)], "weight_decay": 0.1},
            {"params": [p for p in model.parameters() if p.dim() < 2 or is_norm(model, p)], "weight_decay": 0.0},
        ]

    return {
        "sgd": lambda: torch.optim.SGD(groups(), lr=0.05, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(groups(), lr=0.05, momentum=0.9, nesterov=True),
        "adam": lambda: torch.optim.Adam(groups(), lr=0.01),
        "adamw": lambda: torch.optim.AdamW(groups(), lr=0.01),
    }


def is_norm(model, parameter):
    norms = (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)
    return any(parameter is p for m in model.modules() if isinstance(m, norms) for p in m.parameters())


def step(model, features, labels):
    loss = nn.functional.cross_entropy(model(features), labels)
    model.zero_grad()
    loss.backward()
    return loss


def write(path, tensors):
    """The safetensors format, written down once more."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().to(torch.int64 if tensor.dtype == torch.int64 else torch.float32).contiguous().numpy().tobytes()
        kind = "I64" if tensor.dtype == torch.int64 else "F32"
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    for seed, (name, model, shape, classes) in enumerate(networks()):
        torch.manual_seed(seed)
        model = model.double()
        for parameter in model.parameters():  # away from ones and zeros, which would hide mistakes
            nn.init.normal_(parameter, mean=0.3 if is_norm(model, parameter) else 0, std=0.3)
        model = model.float().double()
        features = torch.randn(6, *shape).double()
        labels = torch.randint(0, classes, (6,))
        initial = copy.deepcopy(model.state_dict())
        tensors = {"features": features.flatten(1), "labels": labels.double()}
        tensors |= {f"initial.{key}": value for key, value in initial.items()}
        model.train()
        tensors["loss"] = step(model, features, labels)
        tensors |= {f"gradient.{key}": value.grad for key, value in model.named_parameters()}
        for rule, make in optimisers(model).items():
            model.load_state_dict(initial)
            optimiser = make()
            for _ in range(STEPS):
                step(model, features, labels)
                optimiser.step()
            tensors |= {f"{rule}.{key}": value.clone() for key, value in model.state_dict().items()}
        model.eval()
        tensors["judged"] = model(features)
        write(Path(sys.argv[1]) / f"{name}.safetensors", tensors)


if __name__ == "__main__":
    main()
