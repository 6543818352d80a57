# The verbs of the house. `make demo` shows the main job, `make test` passes the tests; both install what they need.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo test lint bench build fuzz

SETUP := eval "$$(scripts/setup.sh)"

demo:
	$(SETUP); cargo build --release --locked -p musubi-cli; scripts/demo.sh

test:
	$(SETUP); cargo test --workspace --locked --no-fail-fast

build:
	$(SETUP); cargo build --release --locked -p musubi-cli

lint:
	$(SETUP); cargo fmt --all --check; cargo clippy --workspace --all-targets --locked -- -D warnings

bench:
	$(SETUP); cargo build --release --locked -p musubi-cli; scripts/bench.sh

fuzz:
	$(SETUP); scripts/fuzz.sh
