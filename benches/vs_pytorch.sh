#!/usr/bin/env bash
# Times training steps of this crate and of the PyTorch implementation in tests/pytorch alternately, and
# prints a table with the ratios of their median times and their peak memory for several sizes.
#
#     benches/vs_pytorch.sh [--runs 3] [--sizes 8,28,16,24,36] [--threads 1,2] [--device cpu] [--json]
#                           [-- options for PyTorch, such as --compile or --amp bf16]
#
# With `--amp bf16` both sides compute in bfloat16. `evonas bench gpu --python PYTHON` compares steps on a GPU, and needs no
# checkout.
#
# EVONAS_PYTHON names a Python with the packages of tests/pytorch/requirements.txt; the default is python3.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${EVONAS_PYTHON:-python3}
if ! "$python" -c 'import torch' 2>/dev/null; then
  echo "$python has no PyTorch: install tests/pytorch/requirements.txt and set EVONAS_PYTHON to that Python" >&2
  exit 1
fi
features=()
case " $* " in
  *" --device cuda"*) features=(--features cuda) ;;
esac
cargo build --quiet --release --package evonas-cli "${features[@]}"
target=${CARGO_TARGET_DIR:-target}
exec "$python" benches/vs_pytorch.py --evonas "$target/release/evonas" --python "$python" "$@"
