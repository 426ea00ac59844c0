"""NASNet/AmoebaNet cell networks in PyTorch: the reference for evonas's numerical parity tests.

Sources, as named in the docstrings below:

- "paper": Real et al., Regularized Evolution for Image Classifier Architecture Search
  (arXiv 1802.01548), which takes its cells and outer structure from Zoph et al. 2018 (NASNet);
- "released code": TensorFlow's `tpu/models/official/amoeba_net` and
  `models/research/slim/nets/nasnet`. It decides where the paper leaves something open.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from genotypes import BOTTLENECKED, SEPARABLE


def same_padding(size, kernel, stride, dilation=1):
    """TensorFlow's SAME: ceil(size / stride) outputs; an odd pixel of padding goes to the end."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pad_same(x, kernel, stride, dilation=1, value=0.0):
    """Returns `x` and the symmetric padding that remains: all of it, or none if `x` is padded already."""
    top, bottom = same_padding(x.shape[2], kernel[0], stride[0], dilation)
    left, right = same_padding(x.shape[3], kernel[1], stride[1], dilation)
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


class SameConv2d(nn.Conv2d):
    """A convolution without bias, with TensorFlow's SAME padding."""

    def __init__(self, cin, cout, kernel, stride=(1, 1), dilation=1, groups=1):
        super().__init__(cin, cout, kernel, stride, dilation=dilation, groups=groups, bias=False)

    def forward(self, x):
        x, padding = pad_same(x, self.kernel_size, self.stride, self.dilation[0])
        return F.conv2d(x, self.weight, None, self.stride, padding, self.dilation, self.groups)


def max_pool(x, kernel, stride):
    x, padding = pad_same(x, (kernel, kernel), (stride, stride), value=-torch.inf)
    return F.max_pool2d(x, kernel, stride, padding)


def average_pool(x, kernel, stride):
    padded, padding = pad_same(x, (kernel, kernel), (stride, stride))
    mean = F.avg_pool2d(padded, kernel, stride, padding, count_include_pad=False)
    if padded is x:
        return mean
    pixels, _ = pad_same(torch.ones_like(x[:1, :1]), (kernel, kernel), (stride, stride))
    return mean / F.avg_pool2d(pixels, kernel, stride)


class SamePool2d(nn.Module):
    """Average, max or min pooling with SAME padding, which never contributes to the result."""

    def __init__(self, kind, kernel, stride):
        super().__init__()
        self.kind, self.kernel, self.stride = kind, kernel, stride

    def forward(self, x):
        if self.kind == "avg":
            return average_pool(x, self.kernel, self.stride)
        if self.kind == "max":
            return max_pool(x, self.kernel, self.stride)
        return -max_pool(-x, self.kernel, self.stride)


@dataclass(frozen=True)
class Layers:
    """Creates the layers of one network, which share batch norm's settings."""

    epsilon: float
    momentum: float

    def norm(self, channels):
        return nn.BatchNorm2d(channels, eps=self.epsilon, momentum=self.momentum)

    def project(self, cin, cout, stride=1):
        """1x1 convolution, batch norm."""
        return nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), self.norm(cout))

    def relu_project(self, cin, cout, stride=1):
        return nn.Sequential(nn.ReLU(), *self.project(cin, cout, stride))

    def operation(self, name, cin, filters, stride):
        """One operation from `cin` channels to `filters` (released code; sizes confirm it)."""
        if name == "identity" and stride == 1 and cin == filters:
            return nn.Identity()
        if name in ("identity", "conv1x1"):
            return self.relu_project(cin, filters, stride)
        if name in SEPARABLE:
            return self.separable(cin, filters, stride, *SEPARABLE[name])
        if name in BOTTLENECKED:
            return self.bottleneck(name, cin, filters, stride)
        return Pool(self, name, cin, filters, stride)

    def separable(self, cin, filters, stride, kernel, dilation):
        """[ReLU, depthwise, pointwise, batch norm] twice; the stride is in the first."""
        layers = []
        for channels, step in ((cin, stride), (filters, 1)):
            depthwise = SameConv2d(channels, channels, kernel, step, dilation, groups=channels)
            layers += [nn.ReLU(), depthwise, *self.project(channels, filters)]
        return nn.Sequential(*layers)

    def bottleneck(self, name, cin, filters, stride):
        """[ReLU, convolution, batch norm] at reduced width between two 1x1 convolutions (released code).

        Of a 1xK-Kx1 pair, 1xK has the stride along the width and Kx1 that along the height.
        """
        kernels, dilation, eighths = BOTTLENECKED[name]
        width = eighths * filters // 8
        if width < 1:
            raise ValueError(f"{name} at {filters} filters would have a bottleneck without channels")
        layers = [*self.relu_project(cin, width)]
        for kernel in kernels:
            step = tuple(stride if size > 1 else 1 for size in kernel)
            layers += [nn.ReLU(), SameConv2d(width, width, kernel, step, dilation), self.norm(width)]
        return nn.Sequential(*layers, *self.relu_project(width, filters))


class Pool(nn.Module):
    """Pooling, then a 1x1 convolution and batch norm if the width changes (released code)."""

    def __init__(self, layers, name, cin, filters, stride):
        super().__init__()
        self.pool = SamePool2d(name[:3], int(name[3]), stride)
        self.project = nn.Identity() if cin == filters else layers.project(cin, filters)

    def forward(self, x):
        return self.project(self.pool(x))


class FactorizedReduction(nn.Module):
    """Halves height and width: two strided 1x1 convolutions, the second shifted by one pixel.

    The released code asks for an even number of filters; an odd one is split here as
    floor (path1) and ceiling (path2).
    """

    def __init__(self, layers, cin, filters):
        super().__init__()
        if filters < 2:
            raise ValueError("a factorized reduction needs a filter for each of its two paths")
        self.path1 = nn.Conv2d(cin, filters // 2, 1, stride=2, bias=False)
        self.path2 = nn.Conv2d(cin, filters - filters // 2, 1, stride=2, bias=False)
        self.bn = layers.norm(filters)

    def forward(self, x):
        shifted = F.pad(x, (-1, 1, -1, 1))
        return self.bn(torch.cat([self.path1(x), self.path2(shifted)], 1))


class ReluFactorizedReduction(nn.Module):
    def __init__(self, layers, cin, filters):
        super().__init__()
        self.reduce = FactorizedReduction(layers, cin, filters)

    def forward(self, x):
        return self.reduce(F.relu(x))


@dataclass(frozen=True)
class Source:
    """The output of the stem or of a cell: how wide, and how often its size was halved."""

    channels: int
    halvings: int


class Cell(nn.Module):
    """One cell. Stride 2 of a reduction is in the operations on states 0 and 1 (released code).

    `before` is None for the first cell of a network, whose state 1 is `previous` as it is.
    """

    def __init__(self, layers, genotype, filters, previous, before, reduction):
        super().__init__()
        self.genotype = genotype
        self.base = layers.relu_project(previous.channels, filters)
        raw = filters
        if before is None:
            self.align, raw = nn.Identity(), previous.channels
        elif before.halvings != previous.halvings:
            self.align = ReluFactorizedReduction(layers, before.channels, filters)
        elif before.channels != filters:
            self.align = layers.relu_project(before.channels, filters)
        else:
            self.align = nn.Identity()
        widths = [filters, raw] + [filters] * (len(genotype.branches) // 2)
        self.ops = nn.ModuleList(
            layers.operation(operation, widths[state], filters, 2 if reduction and state < 2 else 1)
            for operation, state in genotype.branches
        )
        self.reduce = nn.ModuleDict()
        for state in genotype.concat:
            if reduction and state < 2:
                self.reduce[str(state)] = FactorizedReduction(layers, widths[state], filters)
            elif widths[state] != filters:
                self.reduce[str(state)] = layers.project(widths[state], filters)
        self.output = Source(filters * len(genotype.concat), previous.halvings + int(reduction))

    def forward(self, previous, before):
        states = [self.base(previous), self.align(before)]
        outputs = zip(self.ops, self.genotype.branches)
        for (left, (_, i)), (right, (_, j)) in zip(outputs, outputs):
            states.append(left(states[i]) + right(states[j]))
        parts = [self.reduce[str(s)](states[s]) if str(s) in self.reduce else states[s] for s in self.genotype.concat]
        return torch.cat(parts, 1)


def auxiliary_head(layers, channels, size, classes, scale):
    """The second classifier, for training only (released code)."""
    if min(size) < 5:
        raise ValueError(f"the auxiliary head pools 5x5, but its input is {size[0]}x{size[1]}")
    rest = tuple((pixels - 5) // 3 + 1 for pixels in size)
    narrow, wide = int(128 * scale), int(768 * scale)
    return nn.Sequential(
        *(nn.ReLU(), nn.AvgPool2d(5, 3), *layers.project(channels, narrow)),
        *(nn.ReLU(), nn.Conv2d(narrow, wide, rest, bias=False), layers.norm(wide)),
        *(nn.ReLU(), nn.Flatten(), nn.Linear(wide, classes)),
    )


class Network(nn.Module):
    """Three stacks of `cells` normal cells, a reduction cell with twice the filters between stacks.

    `stem` "cifar": 3x3 convolution to 3 * filters. "imagenet": 3x3 VALID convolution of stride 2 to
    `stem_filters`, then two reduction cells of filters // 4 and filters // 2. Batch norm's epsilon
    and momentum (the share of the new batch) default to the released settings for these data.
    `skip_reduction_input`: state 1 of the normal cell after a reduction is the source that state 1
    of the reduction has (NASNet-A large), not the cell before the reduction.
    `auxiliary_scale`: adds an auxiliary head after the second stack; the output in training mode is
    then (logits, auxiliary logits).
    """

    def __init__(
        self, genotype, cells, filters, size, channels=3, classes=10, stem="cifar", stem_filters=32,
        auxiliary_scale=None, skip_reduction_input=False, epsilon=None, momentum=None,
    ):
        super().__init__()
        defaults = {"cifar": (1e-5, 0.1), "imagenet": (1e-3, 0.0003)}[stem]
        layers = Layers(epsilon or defaults[0], momentum or defaults[1])
        width = 3 * filters if stem == "cifar" else stem_filters
        step, padding = (1, 1) if stem == "cifar" else (2, 0)
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, 3, step, padding, bias=False), layers.norm(width)
        )
        size = tuple(pixels if stem == "cifar" else (pixels - 3) // 2 + 1 for pixels in size)
        sources = [Source(width, 0)]
        self.cells = nn.ModuleList()
        self.inputs = []  # for each cell, the indices of its sources; 0 is the stem, i + 1 is cell i

        def add(filters, reduction, before):
            previous = len(sources) - 1
            cell = Cell(
                layers, genotype.reduction if reduction else genotype.normal, filters, sources[previous],
                None if previous == 0 else sources[before], reduction,
            )
            self.cells.append(cell)
            self.inputs.append((previous, before))
            sources.append(cell.output)

        if stem == "imagenet":
            add(filters // 4, True, 0)
            add(filters // 2, True, 0)
        self.auxiliary_source = None
        for stack in range(3):
            skipped = None
            if stack:
                skipped = len(sources) - 2 if skip_reduction_input else None
                add(filters << stack, True, len(sources) - 2)
            for _ in range(cells):
                add(filters << stack, False, max(len(sources) - 2, 0) if skipped is None else skipped)
                skipped = None
            if stack == 1 and auxiliary_scale is not None:
                self.auxiliary_source = len(sources) - 1
                size = tuple(-(-pixels // 2 ** sources[-1].halvings) for pixels in size)
                self.auxiliary = auxiliary_head(layers, sources[-1].channels, size, classes, auxiliary_scale)
        self.classifier = nn.Linear(sources[-1].channels, classes)

    def forward(self, x):
        outputs = [self.stem(x)]
        for cell, (previous, before) in zip(self.cells, self.inputs):
            outputs.append(cell(outputs[previous], outputs[before]))
        logits = self.classifier(F.relu(outputs[-1]).mean((2, 3)))
        if self.training and self.auxiliary_source is not None:
            return logits, self.auxiliary(outputs[self.auxiliary_source])
        return logits
