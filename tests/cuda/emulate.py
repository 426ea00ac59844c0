#!/usr/bin/env python3
"""Runs the program with its CUDA kernels on the host, on a machine without a GPU.

Builds the driver without a device (driver.c) with its interpreter of PTX (ptx.c), and starts the program on it: what is
computed is what the kernels compute that would be loaded on a GPU, tensor cores included. A network of a few filters on a
few small images takes minutes.

    tests/cuda/emulate.py target/release/evonas --cache kernels -- bench gpu --device cuda --sections parity --quick --minutes 30

What follows -- goes to the program. CUDA_PATH must name a folder with nvvm/libdevice (Python package
nvidia-cuda-nvcc-cu12), as with a GPU.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import build_driver, environment_of, split_arguments


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="evonas, built with the feature cuda")
    parser.add_argument("--cache", type=Path, help="a folder that keeps compiled kernels from run to run")
    parser.add_argument("--capability", type=int, default=90, help="the compute capability that the driver claims, times 10")
    arguments, options = split_arguments()
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        temporary = Path(temporary)
        driver, log = temporary / "driver", temporary / "log"
        driver.mkdir()
        log.mkdir()
        build_driver(driver)
        # Tuning on the host says nothing about a GPU: its results are kept apart from those of other runs.
        cache = (parsed.cache or temporary / "cache").resolve() / f"emulated-{parsed.capability}"
        environment = environment_of(driver, log, parsed.capability, cache)
        command = [str(Path(parsed.program).resolve()), *options]
        done = subprocess.run(command, env=environment | {"EVONAS_DRIVER_RUN": "1"})
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
