"""Checks the PyTorch implementation of the cell networks.

    check.py                              parameter counts, the padding rule, every operation
    check.py --peer amoebanet_torch.py    also weights, logits and gradients against another implementation

The other implementation is a Python file that defines `Network(genotype name, cells, filters)` with the CIFAR
stem, ten classes and the same state dict. Exits with 1 if anything differs.
"""

import argparse
import ast
import copy
import sys
import types

import torch

from cell_networks import Network, SameConv2d, average_pool, max_pool
from genotypes import OPERATIONS, Genotype
from parity import count_parameters, randomize_norms, reference, relative_difference, training_loss

# Genotype, cells, filters, image size, classes, stem filters (None: the CIFAR stem), further options,
# parameters. Published sizes: NASNet-A 88.9M, 5.3M, 3.3M; AmoebaNet-A 2.6M, 3.2M, 86.7M, 5.1M;
# B mobile 5.3M, C mobile 6.4M. The rest is an independent count by the same rules.
COUNTS = [
    ("nasnet-a", 6, 168, 331, 1000, 96, {"skip_reduction_input": True}, 88_753_150),
    ("nasnet-a", 4, 44, 224, 1000, 32, {}, 5_289_978),
    ("nasnet-a", 6, 32, 32, 10, None, {}, 3_346_538),
    ("amoebanet-a", 6, 32, 32, 10, None, {}, 2_567_754),
    ("amoebanet-a", 6, 36, 32, 10, None, {}, 3_218_266),
    ("amoebanet-a", 3, 24, 32, 10, None, {}, 843_322),
    ("amoebanet-a", 1, 8, 32, 10, None, {}, 59_482),
    ("amoebanet-a", 6, 190, 331, 1000, 32, {}, 86_718_797),
    ("amoebanet-a", 4, 50, 224, 1000, 32, {}, 5_086_930),
    ("amoebanet-b", 3, 62, 224, 1000, 32, {}, 5_258_700),
    ("amoebanet-c", 4, 50, 224, 1000, 32, {}, 6_353_815),
]
DERIVED_COUNTS = [("amoebanet-a", 3, 24, 740_938), ("amoebanet-a", 1, 8, 54_090)]

failures = []


def report(what, passed, detail=""):
    print(f"{'ok  ' if passed else 'FAIL'} {what}{': ' if detail else ''}{detail}")
    if not passed:
        failures.append(what)


def check_counts():
    for name, cells, filters, size, classes, stem_filters, options, expected in COUNTS:
        if stem_filters is not None:
            options = {**options, "stem": "imagenet", "stem_filters": stem_filters}
        with torch.device("meta"):
            net = Network(Genotype.parse(name), cells, filters, (size, size), 3, classes, **options)
        count = count_parameters(net)
        detail = f"{count:,} parameters" + ("" if count == expected else f", expected {expected:,}")
        report(f"{name} ({cells}, {filters}) at {size}", count == expected, detail)
    for name, cells, filters, expected in DERIVED_COUNTS:
        with torch.device("meta"):
            net = Network(Genotype.parse(name).with_derived_concat(), cells, filters, (32, 32))
        count = count_parameters(net)
        detail = f"{count:,} parameters" + ("" if count == expected else f", expected {expected:,}")
        report(f"{name} ({cells}, {filters}) with derived concat", count == expected, detail)


def first_input(size, kernel, stride, dilation):
    """The start of the first window: TensorFlow centers the windows, half a pixel toward the end."""
    outputs = (size + stride - 1) // stride
    span = stride * (outputs - 1) + dilation * (kernel - 1) + 1
    return -(max(span - size, 0) // 2)


def windows(size, kernel, stride, dilation):
    """The pairs (tap, pixel) inside the image, for each output."""
    start = first_input(size, kernel, stride, dilation)
    for output in range((size + stride - 1) // stride):
        taps = [(tap, start + output * stride + tap * dilation) for tap in range(kernel)]
        yield [(tap, pixel) for tap, pixel in taps if 0 <= pixel < size]


def check_padding():
    """Convolution and pooling against sums over explicit windows, in double precision."""
    worst = 0.0
    shapes = [(h, w) for h in (1, 2, 5, 8) for w in (3, 6, 7)]
    for height, width in shapes:
        x = torch.randn(1, 1, height, width, dtype=torch.float64)
        for kernel, dilation in [((3, 3), 1), ((5, 5), 1), ((1, 7), 1), ((7, 1), 1), ((3, 3), 2), ((5, 5), 2), ((3, 3), 6)]:
            for stride in (1, 2):
                conv = SameConv2d(1, 1, kernel, stride, dilation).double()
                weight = conv.weight[0, 0]
                rows = list(windows(height, kernel[0], stride, dilation))
                columns = list(windows(width, kernel[1], stride, dilation))
                expected = torch.stack([
                    sum((weight[i, j] * x[0, 0, y, z] for i, y in row for j, z in column), torch.zeros((), dtype=torch.float64))
                    for row in rows for column in columns
                ]).reshape(len(rows), len(columns))
                worst = max(worst, (conv(x)[0, 0] - expected).abs().max().item())
        for kernel in (2, 3):
            for stride in (1, 2):
                rows, columns = (list(windows(size, kernel, stride, 1)) for size in (height, width))
                patches = [
                    torch.stack([x[0, 0, y, z] for _, y in row for _, z in column]) for row in rows for column in columns
                ]
                for pool, statistic in ((average_pool, torch.mean), (max_pool, torch.max)):
                    expected = torch.stack([statistic(patch) for patch in patches]).reshape(len(rows), len(columns))
                    worst = max(worst, (pool(x, kernel, stride)[0, 0] - expected).abs().max().item())
    report("SAME padding of convolutions and pools against explicit windows", worst < 1e-12, f"largest difference {worst:.1e}")


def check_operations():
    """Every operation in both cells, on both stems, at odd and unequal sizes; the text form."""
    for operation in OPERATIONS:
        # All four of: stride 1 and 2, unchanged and changed width (the raw state 1 of the first cell).
        text = f"{operation}@0+{operation}@1,{operation}@2+{operation}@0:0.1.3"
        genotype = Genotype.parse(f"{text}/{text}")
        good = str(genotype) == f"{text}/{text}"
        for stem, size in (("cifar", (20, 17)), ("imagenet", (71, 77))):
            net = Network(genotype, 1, 16, size, stem=stem, auxiliary_scale=0.4 if stem == "cifar" else None)
            output = net(torch.randn(2, 3, *size))
            training_loss(output, torch.tensor([1, 2])).backward()
            good &= all(p.grad is not None and bool(p.grad.isfinite().all()) for p in net.parameters())
            good &= net.eval()(torch.randn(1, 3, *size)).shape == (1, 10)
        report(f"{operation} in every position", good)


def check_refusals():
    conv = "conv3x3@0+identity@1"
    attempts = [
        ("a state that comes later", lambda: Genotype.parse("avg3@0+avg3@2/avg3@0+avg3@1")),
        ("an unknown operation", lambda: Genotype.parse("avg9@0+avg3@1/avg3@0+avg3@1")),
        ("a repeated concat state", lambda: Genotype.parse("avg3@0+avg3@1:2.2/avg3@0+avg3@1")),
        ("a bottleneck of no width", lambda: Network(Genotype.parse(f"{conv}/{conv}"), 1, 3, (8, 8))),
        ("an auxiliary head on small maps", lambda: Network(Genotype.parse("nasnet-a"), 1, 8, (8, 8), auxiliary_scale=1)),
    ]
    for what, attempt in attempts:
        try:
            attempt()
            report(f"refuses {what}", False)
        except ValueError as error:
            report(f"refuses {what}", True, str(error))


def load_definitions(path):
    """The module at `path` without the statements that would run its command line."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    kept = (ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef, ast.ClassDef)
    tree.body = [node for node in tree.body if isinstance(node, kept)]
    module = types.ModuleType("peer")
    exec(compile(tree, path, "exec"), module.__dict__)
    return module


def differences(a, b, x, labels):
    """The largest differences of two networks, relative to the largest value of each tensor.

    Gradients are compared in double precision: in single precision, rounding alone can push a value
    across the kink of a ReLU and change many of them in the first digits.
    """
    single = [reference(copy.deepcopy(net), x, labels) for net in (a, b)]
    double = [reference(copy.deepcopy(net).double(), x.double(), labels) for net in (a, b)]
    return {
        "logits": relative_difference(*single, "eval_logits"),
        "loss": relative_difference(*double, "train_loss"),
        "gradients": relative_difference(*double, "grads."),
    }


def check_peer(path):
    peer = load_definitions(path)
    for name in ("amoebanet-a", "nasnet-a"):
        for cells, filters in ((1, 8), (2, 12)):
            for size in (16, 17, 32):
                ours = Network(Genotype.parse(name), cells, filters, (size, size))
                theirs = peer.Network(name, cells, filters)
                what = f"{name} ({cells}, {filters}) at {size} as the peer"
                counts = count_parameters(ours), count_parameters(theirs)
                keys = list(ours.state_dict()), list(theirs.state_dict())
                if counts[0] != counts[1] or sorted(keys[0]) != sorted(keys[1]):
                    differing = sorted(set(keys[0]) ^ set(keys[1]))[:5]
                    report(what, False, f"parameters {counts}, keys of one only: {differing}")
                    continue
                x, labels = torch.randn(4, 3, size, size), torch.randint(0, 10, (4,))
                worst = {}
                for source, target in ((ours, theirs), (theirs, ours)):
                    randomize_norms(source)
                    target.load_state_dict(source.state_dict())
                    for kind, value in differences(source, target, x, labels).items():
                        worst[kind] = max(worst.get(kind, 0.0), value)
                detail = ", ".join(f"{kind} {value:.1e}" for kind, value in worst.items())
                passed = worst["logits"] < 1e-5 and worst["loss"] < 1e-10 and worst["gradients"] < 1e-10
                report(what, passed, f"{counts[0]:,} parameters, {len(keys[0])} keys, relative differences: {detail}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", metavar="FILE", help="another implementation to compare with")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    check_counts()
    check_padding()
    check_operations()
    check_refusals()
    if args.peer:
        check_peer(args.peer)
    if failures:
        sys.exit(f"{len(failures)} checks failed: " + "; ".join(failures))
    print("all checks passed")


if __name__ == "__main__":
    main()
