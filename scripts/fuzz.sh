#!/usr/bin/env bash
# Fuzzes every format for FUZZ_SECONDS each (60 unless set), from the corpus that is checked in, and prints a table. The
# inputs it finds stay in the user's cache. Names of targets as arguments limit it to these. Exit code 1 when something
# was found; the input then lies in fuzz/artifacts/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${FUZZ_SECONDS:-60}"
jobs="${FUZZ_JOBS:-1}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/musubi/fuzz"
export RUSTC_BOOTSTRAP=1   # the fuzzer's instrumentation is not in the stable compiler's settings
export CARGO_TARGET_DIR="${FUZZ_TARGET_DIR:-$cache/target}"
command -v cargo-fuzz >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz

if [ $# -gt 0 ]; then targets=("$@"); else
  mapfile -t targets < <(cd fuzz/fuzz_targets && ls ./*.rs | sed 's|./||; s|\.rs$||' | grep -v '^books$')
fi
cargo fuzz build --release --sanitizer none "${targets[0]}" >&2

one() {
  local target=$1 log="$cache/$1.log" code=0
  mkdir -p "$cache/corpus/$target" "fuzz/artifacts/$target"
  cargo fuzz run --release --sanitizer none "$target" "$cache/corpus/$target" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    >"$log" 2>&1 || code=$?
  local runs new
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
  new=$(sed -n 's/^stat::new_units_added: *//p' "$log" | tail -n 1)
  printf '| %s | %s | %s | %s | %s |\n' "$target" "$seconds" "${runs:--}" "${new:--}" \
    "$([ $code -eq 0 ] && echo none || echo "see fuzz/artifacts/$target")"
  return $code
}
export -f one
export seconds cache

printf '| target | seconds | executions | new inputs | findings |\n|---|--:|--:|--:|---|\n'
printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I{} bash -c 'one {}'
