"""Compares training steps of this crate with PyTorch's; see vs_pytorch.sh."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

# By name: cells, filters, size, channels, batch, steps.
SIZES = {
    "8": (1, 8, 8, 1, 64, 20),
    "28": (1, 8, 28, 1, 64, 10),
    "16": (1, 16, 32, 3, 64, 6),
    "24": (3, 24, 32, 3, 128, 3),
    "36": (6, 36, 32, 3, 128, 3),
}
# The default sizes: on a CPU, a step of the largest one takes minutes.
DEFAULT_SIZES = ["8", "28", "16", "24"]


def measure(command):
    """The last line of JSON that a command prints, with the command's peak memory in MiB."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"failed: {' '.join(command)}")
        output.seek(0)
        figures = json.loads(output.read().splitlines()[-1])
    figures["peak_mib"] = usage.ru_maxrss / 1024
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--evonas", metavar="PROGRAM", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", default=",".join(DEFAULT_SIZES))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true", help="print every measurement as a line of JSON")
    parser.add_argument("pytorch", nargs="*", help="options for PyTorch's side, after --")
    args = parser.parse_args()
    unknown = [size for size in args.sizes.split(",") if size not in SIZES]
    if unknown or args.runs < 1:
        parser.error(f"--sizes takes {', '.join(SIZES)}; --runs must be at least 1")
    if not args.json:
        # The memory of the processes, not of a device.
        print("| (N, F), size, batch | threads | evonas, ms | PyTorch, ms | images a second, evonas / PyTorch "
              "| peak memory, MiB, evonas and PyTorch |")
        print("|---|---|---|---|---|---|")
    for size in args.sizes.split(","):
        cells, filters, pixels, channels, batch, steps = SIZES[size]
        if args.device.startswith("cuda"):
            steps = 20
        for threads in args.threads.split(","):
            options = [
                "--genotype", "amoebanet-a", "--cells", str(cells), "--filters", str(filters), "--size", str(pixels),
                "--channels", str(channels), "--batch", str(batch), "--threads", threads, "--steps", str(steps),
                "--device", args.device,
            ]
            precision = ["--bf16"] if "bf16" in args.pytorch else []
            sides = {
                "evonas": [args.evonas, "bench", "step", *options, *precision, "--json"],
                "pytorch": [args.python, "tests/pytorch/parity.py", "bench", *options, *args.pytorch],
            }
            found = {side: [] for side in sides}
            for run in range(args.runs):
                # Alternately, and each side first in half of the runs.
                for side in sorted(sides, reverse=run % 2 == 1):
                    figures = measure(sides[side])
                    found[side].append(figures)
                    if args.json:
                        print(json.dumps(figures), flush=True)
            if args.json:
                continue
            ours, theirs = (
                statistics.median(figures["median_step_ms"] for figures in found[side]) for side in ("evonas", "pytorch")
            )
            memory = [max(figures["peak_mib"] for figures in found[side]) for side in ("evonas", "pytorch")]
            print(f"| ({cells}, {filters}), {pixels}x{pixels}, {batch} | {threads} | {ours:.1f} | {theirs:.1f} "
                  f"| {theirs / ours:.2f} | {memory[0]:.0f}, {memory[1]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
