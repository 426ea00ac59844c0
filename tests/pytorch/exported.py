"""Runs networks that evonas exported, for the tests of the export.

    exported.py ROOT

For each folder in ROOT with a `model.py`: gives batch norm other statistics and parameters, writes the weights back to
`model.safetensors` as a PyTorch program would, and writes logits, loss and gradients for a random batch to
`single.safetensors` and `double.safetensors` (see `parity.py`).
"""

import importlib.util
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from parity import randomize_norms, reference, relative_difference

BATCH = 4


def read(folder):
    """The `model.py` of a folder as a module."""
    spec = importlib.util.spec_from_file_location(f"model_{folder.name}", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_drop_path(model, config):
    """Every operation but identities ends with drop path, which keeps what the schedule says."""
    settings, genotype = config["evonas"]["network"]["drop_path"], config["evonas"]["genotype"]
    lowest, schedule = settings["keep_probability"], settings["schedule"]
    if lowest == 1.0:
        assert not hasattr(model, "DropPath")
        return
    net = model.Network()
    net.set_progress(0.5)
    x = torch.ones(2, 3, 4, 4)
    rand = torch.rand
    for index, cell in enumerate(net.cells):
        kind = "reduction" if isinstance(cell, model.ReductionCell) else "normal"
        operations = [branch[0] for pair in genotype[kind]["pairs"] for branch in pair]
        for operation, branch in zip(operations, cell.branches, strict=True):
            found = [layer for layer in branch.layers if isinstance(layer, model.DropPath)]
            assert len(found) == (operation != "identity"), (index, operation)
            for layer in found:
                assert layer is branch.layers[-1]
                depth = (index + 1) / len(net.cells)
                share = {"time": 0.5, "layer": depth, "time_and_layer": 0.5 * depth}[schedule]
                keep = 1.0 - share * (1.0 - lowest)
                assert abs(layer.keep() - keep) < 1e-15
                try:  # the first image is kept, the second one is not
                    torch.rand = lambda *_, **__: torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)
                    dropped = layer(x)
                finally:
                    torch.rand = rand
                assert torch.allclose(dropped[0], x[0] / keep) and not dropped[1].any()
                assert torch.equal(layer.eval()(x), x)


def check(folder):
    model = read(folder)
    config = json.loads((folder / "config.json").read_text())
    check_drop_path(model, config)
    net = model.load(folder)
    weights = folder / "model.safetensors"
    theirs = load_file(weights)
    assert net.state_dict().keys() == theirs.keys()
    assert all(torch.equal(value, theirs[key]) for key, value in net.state_dict().items())
    with torch.no_grad():
        randomize_norms(net)
    model.save_file(net.state_dict(), weights)
    theirs = load_file(weights)
    assert all(torch.equal(value, theirs[key]) for key, value in net.state_dict().items())
    x = torch.randn(BATCH, config["num_channels"], *config["image_size"])
    labels = torch.arange(BATCH) % len(config["id2label"])
    single = reference(net, x, labels)
    double = reference(model.load(folder).double(), x.double(), labels)
    difference = relative_difference(single, double, "grads.")
    for name, tensors in (("single", single), ("double", double)):
        metadata = {"gradient_difference": f"{difference:.1e}"}
        save_file(tensors, folder / f"{name}.safetensors", metadata)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/model.py"))
    for folder in folders:
        check(folder)
    print(f"{len(folders)} networks")


if __name__ == "__main__":
    main()
