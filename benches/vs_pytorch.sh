#!/usr/bin/env bash
# Times training steps of this crate and of the PyTorch build in tests/pytorch in turn, and prints the
# ratio of their medians and of their peak memory for a table of sizes.
#
#     benches/vs_pytorch.sh [--runs 3] [--sizes 8,28,16,24,36] [--threads 1,2] [--device cpu] [--json]
#                           [-- options for PyTorch, such as --compile or --amp bf16]
#     benches/vs_pytorch.sh --gpu-check FILE
#
# With `--amp bf16` both sides compute in bfloat16. The second form builds nothing: it takes the steps that
# `gpu_check --record FILE` has timed on this card, and times PyTorch's, eager and compiled, beside them.
#
# EVONAS_PYTHON names a Python that has tests/pytorch/requirements.txt; the default is python3.
set -euo pipefail
export EVONAS_CALLED_FROM=$PWD
cd "$(dirname "$0")/.."
python=${EVONAS_PYTHON:-python3}
if ! "$python" -c 'import torch' 2>/dev/null; then
  echo "$python has no PyTorch: install tests/pytorch/requirements.txt and name that Python in EVONAS_PYTHON" >&2
  exit 1
fi
case " $* " in
  *" --gpu-check"[\ =]*) exec "$python" benches/vs_pytorch.py --python "$python" "$@" ;;
esac
features=()
case " $* " in
  *" --device cuda"*) features=(--features cuda) ;;
esac
cargo build --quiet --release --example step_time "${features[@]}"
target=${CARGO_TARGET_DIR:-target}
exec "$python" benches/vs_pytorch.py --step-time "$target/release/examples/step_time" --python "$python" "$@"
