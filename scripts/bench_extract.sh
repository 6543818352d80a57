#!/usr/bin/env bash
# Cohort, table and extract on a synthetic lake, beside DuckDB from PyPI on the same files with two threads.
# Usage: scripts/bench_extract.sh [FACTS] (default 5,000,000; 50,000,000 needs some 10 GB of disk for a while).
set -euo pipefail
cd "$(dirname "$0")/.."
facts="${1:-5000000}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
venv="${MUSUBI_DUCKDB_VENV:-$work/venv}"
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'duckdb==2.0.0'
fi
bench="${MUSUBI_EXTRACT_BENCH:-}"
if [ -z "$bench" ]; then
  cargo build --release --locked -p musubi-release --example extract_bench
  bench="${CARGO_TARGET_DIR:-target}/release/examples/extract_bench"
fi
"$bench" write "$work/lake" "$facts"
RAYON_NUM_THREADS=2 "$bench" run "$work/lake" | tee "$work/ours.jsonl"
"$venv/bin/python" scripts/bench_extract.py "$work/lake" "$work/ours.jsonl"
