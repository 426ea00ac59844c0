"""Writes the fixtures of tests/it/nats_bench.rs with the public package nats_bench (1.8): three
architectures in the layout of the official archive NATS-tss-v1_0-3ffb9-simple, and the package's own
answers for them.

    pip install nats_bench==1.8
    python tests/nats_bench/make.py nasbench201.csv.gz

Mean accuracies, sizes and times come from the table; the scatter of single trials around them is invented,
since the table has no single trials. The archive's layout is that of the package's classes ArchResults
and ResultsCount; train_times is an OrderedDict, as created by the package's reset_pseudo_train_times.
"""

import csv
import gzip
import json
import pathlib
import sys

import nats_bench
from nats_bench.api_utils import ArchResults, ResultsCount, pickle_save

HERE = pathlib.Path(__file__).parent
ARCHIVE = HERE / "NATS-tss-v1_0-3ffb9-simple"
INDEXES = [0, 1, 6111]
SETS = {  # the sets on which a trial is evaluated, with the columns of their accuracies
    "cifar10-valid": {"x-valid": ("c10", "val"), "ori-test": ("c10", "test")},
    "cifar10": {"ori-test": ("c10", "test")},
    "cifar100": {"x-valid": ("c100", "val"), "x-test": ("c100", "test")},
    "ImageNet16-120": {"x-valid": ("in16", "val"), "x-test": ("in16", "test")},
}
SCALES = {"cifar10-valid": 1, "cifar10": 2, "cifar100": 2, "ImageNet16-120": 6.068}


def result(row, dataset, epochs, seed, offset):
    prefix = next(iter(SETS[dataset].values()))[0]
    params, flop = (float(row[f"{prefix}_{name}_m"]) for name in ("params", "flops"))
    count = ResultsCount(
        dataset, None, {}, {}, params, flop, {"arch_str": row["arch"]}, seed, epochs, None
    )
    count.train_acc1es = {epochs - 1: 99.0}
    count.train_losses = {epochs - 1: 0.1}
    count.reset_pseudo_train_times(SCALES[dataset] * float(row["c10valid_train_s_per_epoch"]))
    for name, (prefix, kind) in SETS[dataset].items():
        count.eval_names.append(name)
        last = f"{name}@{epochs - 1}"
        count.eval_acc1es[last] = float(row[f"{prefix}_{kind}{epochs}"]) + offset
        count.eval_losses[last] = 1.0
        count.reset_pseudo_eval_times(name, 25_000 * float(row["eval_us_per_image"]) / 1e6)
    count.update_latency([float(row["c10_latency_ms"]) / 1e3])
    return count


def main():
    with gzip.open(sys.argv[1], "rt") as table:
        rows = {int(row["index"]): row for row in csv.DictReader(table)}
    ARCHIVE.mkdir(exist_ok=True)
    archs = [rows[index]["arch"] for index in sorted(rows)]
    for index in INDEXES:
        state = {}
        for epochs, seeds in ((12, [777]), (200, [777, 888])):
            architecture = ArchResults(index, rows[index]["arch"])
            for dataset in SETS:
                for number, seed in enumerate(seeds):
                    offset = 0.0 if len(seeds) == 1 else (0.25, -0.25)[number]
                    architecture.update(
                        dataset, seed, result(rows[index], dataset, epochs, seed, offset)
                    )
            state[str(epochs)] = architecture.state_dict()
        pickle_save(state, ARCHIVE / f"{index:06d}.pickle")
    pickle_save({"meta_archs": archs[:2], "total_archs": 2, "avaliable_hps": ["12", "200"]},
                ARCHIVE / "meta.pickle")

    # The package's answers when it reads the files back.
    meta = {"meta_archs": archs, "arch2infos": {}, "evaluated_indexes": []}
    api = nats_bench.api_topology.NATStopology(meta, verbose=False)
    answers = {}
    for index in INDEXES:
        api.reload(str(ARCHIVE), index)
        answer = {"arch": archs[index]}
        for prefix, valid, test in (
            ("c10", "cifar10-valid", "cifar10"),
            ("c100", "cifar100", "cifar100"),
            ("in16", "ImageNet16-120", "ImageNet16-120"),
        ):
            for epochs in ("12", "200"):
                info = api.get_more_info(index, valid, hp=epochs, is_random=False)
                answer[f"{prefix}_val{epochs}"] = info["valid-accuracy"]
                info = api.get_more_info(index, test, hp=epochs, is_random=False)
                answer[f"{prefix}_test{epochs}"] = info["test-accuracy"]
            cost = api.get_cost_info(index, test, hp="12")
            answer[f"{prefix}_params_m"] = cost["params"]
            answer[f"{prefix}_flops_m"] = cost["flops"]
        info = api.get_more_info(index, "cifar10-valid", hp="12", is_random=False)
        answer["seconds"] = info["train-all-time"] + info["valid-per-time"]
        answer["c10_latency_ms"] = 1e3 * api.get_latency(index, "cifar10", hp="12")
        answers[index] = answer
    with open(HERE / "expected.json", "w") as file:
        json.dump(answers, file, indent=1)
        file.write("\n")


main()
