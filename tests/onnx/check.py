"""Checks ONNX files that evonas exported, for the tests of the export.

    check.py ROOT               every folder in ROOT with a model.onnx
    check.py ROOT --time        also the time of an image, in milliseconds
    check.py ROOT --bound 2e-5  the largest difference that is allowed, 1e-5 by default

Each folder has an `expected.safetensors` with a batch and the logits that evonas computes for it. The file must pass
ONNX's own checks and, in onnxruntime, give the same logits, for the whole batch and for its first image alone. Prints the
largest difference, relative to the largest logit.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def difference(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    assert np.isfinite(found).all()
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def check(folder, timed, bound):
    path = str(folder / "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    expected = load_file(folder / "expected.safetensors")
    net = session(path)
    name = net.get_inputs()[0].name
    batch, logits = expected["input"], expected["logits"]
    whole = net.run(None, {name: batch})[0]
    first = net.run(None, {name: batch[:1]})[0]
    worst = max(difference(whole, logits), difference(first, logits[:1]))
    print(f"{folder.name}: {worst:.1e}", end="")
    if timed:
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            net.run(None, {name: batch})
            times.append(1000 * (time.perf_counter() - begin) / len(batch))
        print(f", {sorted(times)[10]:.2f} ms an image", end="")
    print()
    return worst < bound


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--bound", type=float, default=1e-5)
    options = parser.parse_args()
    folders = sorted(path.parent for path in options.root.glob("*/model.onnx"))
    if not all([check(folder, options.time, options.bound) for folder in folders]):
        sys.exit(f"a difference above {options.bound}")
    print(f"{len(folders)} networks")


if __name__ == "__main__":
    main()
