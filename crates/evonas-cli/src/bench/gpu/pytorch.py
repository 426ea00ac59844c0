"""Times training steps of a network that evonas exported for PyTorch: forward, backward, SGD.

    pytorch.py FOLDER --mode eager|compiled|captured --device cuda --batch 128 --steps 20 --precision f32|tf32|bf16

The layout is channels last. Prints one line of JSON.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch.nn import functional as F

WARM_UP = 4


def captured(step):
    """A whole step as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--mode", choices=["eager", "compiled", "captured"], required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--precision", choices=["f32", "tf32", "bf16"], default="f32")
    args = parser.parse_args()
    sys.path.insert(0, args.folder)
    import model

    with open(f"{args.folder}/config.json", encoding="utf-8") as text:
        config = json.load(text)
    device = torch.device(args.device)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = args.precision != "f32"
    net = model.load(args.folder).train().to(device, memory_format=torch.channels_last)
    shape = (args.batch, config["num_channels"], *config["image_size"])
    x = torch.randn(shape, device=device).to(memory_format=torch.channels_last)
    labels = torch.randint(len(config["id2label"]), (args.batch,), device=device)
    run = torch.compile(net) if args.mode == "compiled" else net
    optimizer = torch.optim.SGD(net.parameters(), 0.024, momentum=0.9, weight_decay=5e-4)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=args.precision == "bf16"):
            output = run(x)
            logits = output[0] if isinstance(output, tuple) else output
            loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()

    begin = time.perf_counter()
    timed = captured(step) if args.mode == "captured" else step
    times = []
    for number in range(WARM_UP + args.steps):
        start = time.perf_counter()
        timed()
        if device.type == "cuda":
            torch.cuda.synchronize()
        end = time.perf_counter()
        if number == 0:
            first = end - begin
        if number >= WARM_UP:
            times.append(end - start)
    peak = torch.cuda.max_memory_reserved(device) / 2**20 if device.type == "cuda" else None
    figures = {
        "engine": f"torch {torch.__version__}",
        "params": sum(parameter.numel() for parameter in net.parameters()),
        "first_step_ms": 1e3 * first,
        "median_step_ms": 1e3 * statistics.median(times),
        "min_step_ms": 1e3 * min(times),
        "reserved_mib": peak,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
