#!/usr/bin/env python3
"""What a training step asks of a CUDA driver, measured on a machine without a GPU.

Builds the driver without a device (driver.c), times steps of the program on it, and prints what a steady step
launches, uploads and waits for, and how long the host takes. With --ptxas it also assembles every kernel that was
loaded, and holds the registers of this project's own to a table (registers.json). Kernels don't run, so this says nothing
about how long they take.

    tests/cuda/measure.py target/release/evonas -- --cells 3 --filters 24 --batch 128
    tests/cuda/measure.py target/release/evonas --ptxas bin/ptxas --capability 80 -- --cells 1 --filters 8 --batch 64

What follows -- goes to `evonas bench step`. CUDA_PATH must name a folder with nvvm/libdevice (Python package
nvidia-cuda-nvcc-cu12), as with a GPU.
"""

import argparse
import collections
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent


def build_driver(folder):
    library = folder / "libcuda.so.1"
    # Sums and products are rounded one by one, as a GPU does them.
    exact = ["-ffp-contract=off", "-frounding-math", "-march=native"]
    options = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", *exact]
    sources = [HERE / "driver.c", HERE / "ptx.c"]
    subprocess.run(["gcc", *options, "-o", library, *sources, "-lpthread", "-lm"], check=True)
    (folder / "libcuda.so").symlink_to(library.name)


def environment_of(driver, log, capability, cache):
    """The folder keeps compiled kernels, so that a second run starts at once."""
    cache.mkdir(parents=True, exist_ok=True)
    return os.environ | {
        "LD_LIBRARY_PATH": f"{driver}:{os.environ.get('LD_LIBRARY_PATH', '')}",
        "EVONAS_DRIVER_LOG": str(log),
        "EVONAS_DRIVER_SM": str(capability),
        "CUBECL_AUTOTUNE_LEVEL": "minimal",
        "XDG_CACHE_HOME": str(cache),
    }


def run(program, options, capability, driver, log, cache):
    environment = environment_of(driver, log, capability, cache)
    command = [str(Path(program).resolve()), "bench", "step", "--device", "cuda", "--json", *options]
    done = subprocess.run(command, env=environment, cwd=cache, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def events_of(log):
    for line in (log / "events.tsv").read_text().splitlines():
        seconds, kind, name, size = line.split("\t")
        yield float(seconds), kind, name, int(size)


def steps_of(events, most):
    """The events of each of the last steps. A step ends where its loss is read."""
    ends = [number for number, (_, kind, _, _) in enumerate(events) if kind == "download"]
    return [events[begin + 1 : end + 1] for begin, end in zip(ends, ends[1:])][-most:]


def kernel(name):
    """A kernel's name without the hash of its instance."""
    return re.sub(r"_[0-9a-f]{6,}$|_\d+$", "", name)


def assemble(ptxas, files):
    """The name, exit status, registers, spilled bytes and complaints of each kernel."""

    def one(file):
        text = file.read_text()
        # A module is for the architecture that the driver claims to be.
        arch = re.search(r"^\.target\s+(\w+)", text, re.MULTILINE).group(1)
        done = subprocess.run(
            [ptxas, f"-arch={arch}", "-v", file, "-o", os.devnull], capture_output=True, text=True
        )
        entry = re.search(r"\.entry\s+(\w+)", text)
        name = entry.group(1) if entry else file.name
        registers = max((int(n) for n in re.findall(r"(\d+) registers", done.stderr)), default=0)
        spills = max((int(n) for n in re.findall(r"(\d+) bytes spill stores", done.stderr)), default=0)
        return name, done.returncode, registers, spills, done.stderr

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, files))


def own_kernels():
    """The names of this project's kernels."""
    sources = (HERE.parents[1] / "crates/evonas-kernels/src/cube").rglob("*.rs")
    launched = re.compile(r"#\[cube\(launch\)\]\s*(?:pub\(super\)\s+)?fn (\w+)")
    return {name for source in sources for name in launched.findall(source.read_text())}


def registers_of(assembled):
    """The most registers and spilled bytes that an instance of each own kernel takes."""
    own, most = own_kernels(), {}
    for name, _, registers, spills, _ in assembled:
        name = kernel(name)
        # After its name, a kernel has those of its types.
        if any(re.match(rf"{one}(_\w_\w+)*$", name) for one in own):
            before = most.get(name, (0, 0))
            most[name] = (max(before[0], registers), max(before[1], spills))
    return dict(sorted(most.items()))


def complaints(registers, table):
    """What own kernels take more than the table says: registers, and bytes that are spilled."""
    if not registers:
        yield "no own kernel was assembled"
    for name, (found, spills) in registers.items():
        if name not in table:
            yield f"{name} is not in the table"
            continue
        registers_allowed, spills_allowed = table[name]
        if found > registers_allowed:
            yield f"{name} takes {found} registers, {registers_allowed} in the table"
        if spills > spills_allowed:
            yield f"{name} spills {spills} bytes, {spills_allowed} in the table"


def split_arguments():
    """This script's own arguments, and those after --."""
    arguments = sys.argv[1:]
    if "--" not in arguments:
        return arguments, []
    split = arguments.index("--")
    return arguments[:split], arguments[split + 1 :]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="evonas, built with the feature cuda")
    parser.add_argument("--steps", type=int, default=8, help="steps to look at")
    parser.add_argument("--kernels", type=int, default=25, help="kernels to list")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", type=Path, help="a folder for events and PTX, instead of a temporary one")
    parser.add_argument("--cache", type=Path, help="a folder that keeps compiled kernels from run to run")
    parser.add_argument("--ptxas", help="also assemble every module with this program")
    parser.add_argument("--table", type=Path, default=HERE / "registers.json", help="registers and spilled bytes of own kernels")
    parser.add_argument("--write-table", action="store_true", help="raise the table's figures to those found")
    parser.add_argument("--most-launches", type=int, help="fail if a step takes more launches, or waits at all")
    parser.add_argument("--capability", type=int, default=90, help="the compute capability that the driver claims, times 10")
    arguments, options = split_arguments()
    parsed = parser.parse_args(arguments)

    with tempfile.TemporaryDirectory() as temporary:
        temporary = Path(temporary)
        log = (parsed.keep or temporary / "log").resolve()
        log.mkdir(parents=True, exist_ok=True)
        driver = temporary / "driver"
        driver.mkdir()
        build_driver(driver)
        # Kernels are compiled for a capability.
        cache = (parsed.cache or temporary / "cache").resolve() / str(parsed.capability)
        warm_up = ["--warmup", "4", "--steps", str(parsed.steps)]
        run(parsed.program, warm_up + options, parsed.capability, driver, log, cache)
        events = list(events_of(log))
        steps = steps_of(events, parsed.steps)
        if not steps:
            sys.exit("no step was found: nothing was read from the device")
        counts = [collections.Counter(kind for _, kind, _, _ in step) for step in steps]
        # The lower median: the one of a step that happened.
        median = lambda kind: statistics.median_low(count[kind] for count in counts)
        times = [(step[-1][0] - before[-1][0]) * 1e3 for before, step in zip(steps, steps[1:])]
        result = {
            "launches": median("launch"),
            "graphs": median("graph"),
            "waits": median("wait"),
            "uploads": median("upload"),
            "downloads": median("download"),
            "copies": median("copy"),
            "allocations": median("alloc"),
            "refused": sum(count["refused"] for count in counts),
            "host_ms_median": statistics.median(times) if times else None,
            "host_ms_least": min(times) if times else None,
            "modules": sum(1 for _, kind, _, _ in events if kind == "load"),
        }
        last = collections.Counter(kernel(name) for _, kind, name, _ in steps[-1] if kind == "launch")
        failed = False
        if parsed.ptxas:
            assembled = assemble(parsed.ptxas, sorted(log.glob("*.ptx")))
            failures = [one for one in assembled if one[1]]
            result["assembled"] = len(assembled) - len(failures)
            result["failed"] = [f"{name}: {text.strip()[:300]}" for name, _, _, _, text in failures]
            result["spills"] = {name: spills for name, _, _, spills, _ in assembled if spills}
            result["registers"] = max((registers for _, _, registers, _, _ in assembled), default=0)
            registers = registers_of(assembled)
            table = json.loads(parsed.table.read_text()) if parsed.table.exists() else {}
            of_capability = table.setdefault(str(parsed.capability), {})
            if parsed.write_table:
                for name, found in registers.items():
                    before = of_capability.get(name, (0, 0))
                    of_capability[name] = [max(pair) for pair in zip(found, before)]
                of_capability = table[str(parsed.capability)] = dict(sorted(of_capability.items()))
                lines = json.dumps(table, indent=1)
                parsed.table.write_text(re.sub(r"\[\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2]", lines) + "\n")
            result["own"] = len(registers)
            result["complaints"] = list(complaints(registers, of_capability))
            failed = bool(failures or result["complaints"])
        if parsed.most_launches is not None:
            failed |= result["launches"] > parsed.most_launches or result["waits"] > 0 or result["refused"] > 0
        if parsed.json:
            print(json.dumps(result | {"kernels": dict(last.most_common())}))
        else:
            for name, value in result.items():
                print(f"{name:16} {value:.2f}" if isinstance(value, float) else f"{name:16} {value}")
            print()
            for name, count in last.most_common(parsed.kernels):
                print(f"{count:6}  {name}")
        sys.exit(failed)


if __name__ == "__main__":
    main()
