# "make" lists the targets. Everything here runs from a plain checkout with Go
# and make; what else a target needs is installed or named.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# There is no C in what curb builds to, and the lock-down files are for builds without: the same
# with and without a C compiler on the machine.
export CGO_ENABLED := 0

# What an application imports must build everywhere. An example that carries a
# lock-down file must not build for a Linux that the file is not for.
LIBRARY  := . ./filter ./notify ./precompiled ./syscalls
PORTABLE := $(LIBRARY) ./cmd/curb
SYSTEMS  := $(foreach os,windows darwin freebsd openbsd,$(os)/amd64 $(os)/arm64)
LINUXES  := $(addprefix linux/,386 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x)

FUZZTIME ?= 1m
TOOL     := go tool -modfile=tools/go.mod

.PHONY: help
help: ## List the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name what; do \
		printf '  make %-10s %s\n' "$$name" "$$what"; \
	done

.PHONY: build
build: ## Build the command: bin/curb
	go build -o bin/curb ./cmd/curb

.PHONY: test
test: deps ## Run every test, after installing what the tests need
	@go test -vet=all ./...

.PHONY: deps
deps: ## Install what the tests need (on Debian, as root), or say what is missing
	@.ci/deps

.PHONY: race
race: ## Run the tests of the concurrent code under the race detector (needs gcc)
	CGO_ENABLED=1 go test -race -run 'TestPrograms|TestDamagedBinaries|TestAtOnce' ./scan ./internal/cache

.PHONY: long
long: ## Run the tests that take minutes: the decoders on all binaries and encodings, every release of Go, every architecture, millions of verdicts, busy threads
	go test . ./internal/x86 ./internal/arm64 ./internal/gobin ./internal/mkgroups ./syscalls ./filter -long -timeout=1h

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME each (1m)
	@.ci/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Run the benchmarks
	go test -run='^$$' -bench=. -benchmem ./...

# Binaries of five sizes: small, the Go toolchain's own, and servers of the corpus.
PEERS := bin/bench/hello bin/bench/gofmt bin/bench/go bin/bench/caddy bin/bench/coredns

.PHONY: peers
peers: build deps ## Time whole scans against objdump, on binaries of five sizes
	mkdir -p bin/bench
	go -C internal/corpus/testdata/small build -o $(CURDIR)/bin/bench/hello ./hello
	go build -o bin/bench/ cmd/gofmt cmd/go
	go -C internal/corpus/testdata/servers build -o $(CURDIR)/bin/bench/caddy github.com/caddyserver/caddy/v2/cmd/caddy
	go -C internal/corpus/testdata/servers build -o $(CURDIR)/bin/bench/coredns ./dns
	go -C bench run ./scan -rounds 3 -curb $(CURDIR)/bin/curb $(addprefix $(CURDIR)/,$(PEERS))

.PHONY: filters
filters: deps ## Compare filters with those of libseccomp, gVisor and others: docs/performance.md
	CGO_ENABLED=1 go -C bench run ./filter -o $(CURDIR)/docs/performance.md

.PHONY: records
records: build deps ## Compare recording with strace, perf and bpftrace: docs/performance.md (as root)
	go -C bench run ./record -curb $(CURDIR)/bin/curb -o $(CURDIR)/docs/performance.md

.PHONY: bench-ci
bench-ci: deps
	CGO_ENABLED=1 go -C bench vet ./...
	CGO_ENABLED=1 go -C bench test ./...

.PHONY: corpus
corpus: deps ## Hold what real programs ask of the kernel against what curb predicts
	@mkdir -p docs
	@go run ./internal/corpus -v -o docs/corpus.md

.PHONY: corpus-ci
corpus-ci: deps
	@go run ./internal/corpus -v -part ci
	@go run ./internal/corpus -v -part c -quick -run '$(C_ROWS)'

# Of the programs with C code: each C library, linked in each way, and some that others have built.
C_ROWS := ^(names-(amd64-(cgo|cgo-pie|glibc|musl)|arm64-cgo)|(sqlite|cpp)-amd64-cgo|(age|gron|prometheus-blackbox-exporter)-amd64-package)$$

.PHONY: corpus-c
corpus-c: deps ## The same for programs with C code, Debian's packages among them
	@mkdir -p docs
	@go run ./internal/corpus -v -part c -o docs/corpus-c.md

.PHONY: recipe
recipe: ## Compare the list of one strace run with the list that curb makes
	@go run ./internal/corpus -recipe

.PHONY: generate
generate: ## Write the generated files anew: tables and lock-down files
	go generate ./...

.PHONY: check
check: format vet lint tidy house generated cross ## Run the static checks and the cross builds

.PHONY: format
format:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; } >&2

.PHONY: vet
vet:
	go vet ./...
	go fix -diff ./...
	go -C bench vet ./...

.PHONY: lint
lint:
	$(TOOL) staticcheck ./...
	go -C bench tool -modfile=../tools/go.mod staticcheck ./...
	@dead=$$($(TOOL) deadcode -test ./...); test -z "$$dead" || { echo "neither a command nor a test reaches:"; echo "$$dead"; exit 1; } >&2

.PHONY: tidy
tidy:
	go mod tidy -diff
	go -C tools mod tidy -diff
	go -C bench mod tidy -diff

.PHONY: house
house:
	go test ./internal/house

.PHONY: generated
generated:
	@.ci/generated

.PHONY: cross
cross: $(addprefix cross/,$(SYSTEMS) $(LINUXES)) ## Build for the other systems and architectures

$(addprefix cross/,$(SYSTEMS)): PORTABLE += ./examples/...

cross/%:
	GOOS=$(*D) GOARCH=$(*F) go build $(PORTABLE)
	GOOS=$(*D) GOARCH=$(*F) go vet $(LIBRARY)

.PHONY: clean
clean: ## Remove what make built
	rm -rf bin dist
