# `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup build demo demo-miniprogram test test-all lint sim sim-fleet fuzz bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

setup: ## compilers, npm packages, browsers and drivers for everything below
	@scripts/setup test

.PHONY: setup-build
setup-build:
	@scripts/setup build

build: setup-build ## the npm package in dist/npm, the emulator, the web demo; prints sizes
	@node scripts/build.mjs sdk emulator demo-web sizes

demo: setup-build ## chat in the browser: starts emulator and web demo, stays until Ctrl-C
	@node scripts/build.mjs sdk emulator demo-web
	@node scripts/demo.mjs web

demo-miniprogram: setup-build ## the same with the mini-program, shown in a browser
	@node scripts/build.mjs sdk emulator demo-miniprogram
	@node scripts/demo.mjs miniprogram

LINT := "lock file" rustfmt clippy "clippy bindings" tsc vue-tsc biome

lint: setup-build ## formatting, clippy, types
	@node scripts/test.mjs build $(LINT)

test: setup ## lint and all tests; the last line is "N passed, N failed"
	@. target/test-env.sh && node scripts/test.mjs

test-all: setup ## the same and the long tests: the page is killed 200 times, KILLS=20 for fewer
	@. target/test-env.sh && KILLS="$(KILLS)" SEED="$(SEED)" node scripts/test.mjs all

sim: ## 2,000 simulated histories; SEEDS=100000 for more, SEED=17 for one with its trace
	@SEEDS="$(SEEDS)" FIRST="$(FIRST)" SEED="$(SEED)" node scripts/sim.mjs

sim-fleet: ## a million clients lose their server: writes docs/fleet.svg
	@node scripts/sim.mjs fleet

fuzz: ## arbitrary bytes, MINUTES=20 for each target, two at a time; TARGETS="frame rows" for some
	@MINUTES="$(or $(MINUTES),20)" TARGETS="$(TARGETS)" KEEP="$(KEEP)" node scripts/fuzz.mjs

bench: setup ## measure and write docs/benchmarks.md; PARTS=load for one part alone
	@. target/test-env.sh && node bench/run.mjs $(PARTS)

docs: setup-build ## the public API and the guides as a web site in target/docs-site
	@node node_modules/typedoc/bin/typedoc

clean: ## delete everything built, downloaded tools included
	rm -rf dist target node_modules
