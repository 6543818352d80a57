#!/usr/bin/env bash
# Tables of whole loads and of releases. (1) Every format cut and mapped on one core, beside a floor on the same bytes in the same run, and beside
# public parsers from PyPI where they can be installed. (2) The audit log, beside
# BLAKE3 of the same bytes. (3) Whole loads, beside two floors.
# (4) The engines of releases, beside the figures recorded for ARX and the known optima; extraction beside DuckDB (PyPI).
# (5) The console with 200 people at once, beside its stylesheet asked for by as many.
# MUSUBI_BENCH_MB sets the corpus size of (3), MUSUBI_BENCH_FORMAT_MB that of each format of (1).
set -euo pipefail
cd "$(dirname "$0")/.."
musubi="${CARGO_TARGET_DIR:-target}/release/musubi"
work=$(mktemp -d)
chmod 755 "$work"   # the database server runs as another user when this runs as root
trap 'rm -rf "$work"' EXIT

"$musubi" bench --formats --keep --megabytes "${MUSUBI_BENCH_FORMAT_MB:-24}" --work "$work/formats"
peers="${XDG_CACHE_HOME:-$HOME/.cache}/musubi/bench-peers"
if [ -x "$peers/bin/python" ] || { python3 -m venv "$peers" &&
  "$peers/bin/pip" install -q 'hl7==0.4.5' 'hl7apy==1.3.5' lxml; } >/dev/null 2>&1; then
  printf '\n'
  "$peers/bin/python" scripts/bench_peers.py "$work/formats"
else
  printf '\n(no public parsers: PyPI or python3-venv is not to be had)\n'
fi
rm -rf "$work/formats"
printf '\n'
"$musubi" bench --log --work "$work/log"
printf '\n'
"$musubi" bench --gate --work "$work/gate"
printf '\n'
"$musubi" bench --megabytes "${MUSUBI_BENCH_MB:-200}" --work "$work/bench"

printf '\n'
for bench in anon_bench local_bench table_bench events_bench; do
  cargo run --release --locked --quiet -p musubi-disclosure --example "$bench"
  printf '\n'
done
"$musubi" bench --pack --work "$work/pack"
printf '\n'
scripts/bench_extract.sh
printf '\n'
cargo bench --locked --quiet -p musubi-cli --bench console
