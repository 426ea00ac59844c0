"""Compares networks of NAS-Bench-201, and proxies of untrained networks, with PyTorch's arithmetic.

    nasbench201.py FOLDER    every .safetensors file in FOLDER

A file has the parameters of a network (`parameter.0`, `parameter.1`, … in the order of the layers), a mini-batch
(`images`, `labels`), what evonas computes for them (`logits`, in training), and as metadata the cell and the scores of
the proxies. Everything is computed again in double precision. Exits with 1 if anything differs.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
FLOOR = 1e-5


def relu_conv(channels, filters, kernel, stride=1):
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(filters),
    )


def edge(operation, channels):
    if operation == "nor_conv_1x1":
        return relu_conv(channels, channels, 1)
    if operation == "nor_conv_3x3":
        return relu_conv(channels, channels, 3)
    if operation == "avg_pool_3x3":
        return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return nn.Identity()


class Cell(nn.Module):
    def __init__(self, operations, channels):
        super().__init__()
        self.operations = operations
        self.edges = nn.ModuleList(edge(operation, channels) for operation in operations)

    def forward(self, x):
        nodes = [x, 0, 0, 0]
        for (start, end), operation, layers in zip(EDGES, self.operations, self.edges):
            output = torch.zeros_like(x) if operation == "none" else layers(nodes[start])
            nodes[end] = nodes[end] + output
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.convolutions = nn.Sequential(relu_conv(channels, filters, 3, 2), relu_conv(filters, filters, 3))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(channels, filters, 1, bias=False))

    def forward(self, x):
        return self.shortcut(x) + self.convolutions(x)


def network(operations, classes):
    layers = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)]
    for before, channels in ((None, 16), (16, 32), (32, 64)):
        layers += [Reduction(before, channels)] if before else []
        layers += [Cell(operations, channels) for _ in range(5)]
    layers += [nn.BatchNorm2d(64), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes)]
    return nn.Sequential(*layers).double()


def load(file, operations, classes):
    net = network(operations, classes)
    names = [name for name in file.keys() if name.startswith("parameter.")]
    parameters = list(net.parameters())
    assert len(names) == len(parameters), (len(names), len(parameters))
    with torch.no_grad():
        for number, parameter in enumerate(parameters):
            value = file.get_tensor(f"parameter.{number}")
            # The linear layer's weights are stored as [features, classes].
            value = value.T if value.shape != parameter.shape else value
            assert value.shape == parameter.shape, (number, value.shape, parameter.shape)
            parameter.copy_(value)
    return net


def weights(net):
    return [layer.weight for layer in net.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]


def gradient_norm(net, images, labels):
    loss = F.cross_entropy(net(images), labels)
    gradients = torch.autograd.grad(loss, weights(net), allow_unused=True)
    return sum(float(gradient.norm()) for gradient in gradients if gradient is not None)


def jacobian_covariance(net, images):
    images = images.clone().requires_grad_()
    (jacobian,) = torch.autograd.grad(net(images).sum(), images)
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(jacobian.reshape(len(images), -1).numpy()))
    return -float(np.sum(np.log(eigenvalues + FLOOR) + 1 / (eigenvalues + FLOOR)))


def synflow(net, images):
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.abs_()
    # Fresh running statistics: all but the identity.
    net.eval()
    gradients = torch.autograd.grad(net(torch.ones_like(images[:1])).sum(), weights(net), allow_unused=True)
    flow = (float((w * g).abs().sum()) for w, g in zip(weights(net), gradients) if g is not None)
    return float(np.log(sum(flow)))


def difference(found, expected):
    return abs(found - expected) / abs(expected)


def check(path):
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        operations, scores = json.loads(metadata["operations"]), json.loads(metadata["scores"])
        images, labels = file.get_tensor("images").double(), file.get_tensor("labels")
        expected = file.get_tensor("logits").double()
        net = load(file, operations, expected.shape[1])
    buffers = {name: value.clone() for name, value in net.named_buffers()}
    worst = {}
    logits = net(images).detach()
    worst["logits"] = float((logits - expected).abs().max() / expected.abs().max())
    worst["gradient_norm"] = difference(scores["gradient_norm"], gradient_norm(net, images, labels))
    worst["jacobian_covariance"] = difference(scores["jacobian_covariance"], jacobian_covariance(net, images))
    for name, value in net.named_buffers():
        value.copy_(buffers[name])
    worst["synflow"] = difference(scores["synflow"], synflow(net, images))
    print(f"{path.stem}: " + ", ".join(f"{name} {value:.1e}" for name, value in worst.items()))
    # Batch norm over few values amplifies the rounding of single precision.
    bounds = {"logits": 1e-4, "gradient_norm": 1e-4, "jacobian_covariance": 1e-3, "synflow": 1e-9}
    return all(worst[name] < bound for name, bound in bounds.items())


def main():
    files = sorted(Path(sys.argv[1]).glob("*.safetensors"))
    if not files or not all([check(path) for path in files]):
        sys.exit("a difference above the bounds, or no file")
    print(f"{len(files)} networks")


if __name__ == "__main__":
    main()
