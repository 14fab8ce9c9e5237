# The two commands that matter: `make demo` and `make test`. Both set up what
# they need on a machine that has Go.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Without cgo the binary is static and a third smaller: with it, one of the
# dependencies links Go's plugin loader, which keeps every symbol.
export CGO_ENABLED := 0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
BIN     := bin/meshctl
PREFIX  ?= $(or $(shell go env GOBIN),$(shell go env GOPATH)/bin)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## Play the five jobs on the samples; needs no cluster
	@samples/demo.sh $(BIN)

.PHONY: build
build: ## Build bin/meshctl, and bin/kubectl-mesh beside it
	@go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN).linked ./cmd/meshctl
	@install $(BIN).linked $(BIN) # the page cache of a file fresh from the linker costs each start 8 MB
	@rm $(BIN).linked
	@ln -sf meshctl bin/kubectl-mesh

.PHONY: install
install: build ## Install meshctl and the kubectl plugin to $(PREFIX)
	install -d '$(PREFIX)'
	install bin/meshctl '$(PREFIX)/meshctl'
	ln -sf meshctl '$(PREFIX)/kubectl-mesh'
	install completions/kubectl_complete-mesh '$(PREFIX)/kubectl_complete-mesh'

.PHONY: test
test: ## Run all tests: packages, stories, conformance, the lab
	go vet ./...
	go test -timeout 40m ./...

.PHONY: lint
lint: ## Run the linters of .golangci.yml
	go tool -modfile=tools/lint/go.mod golangci-lint run ./...

.PHONY: bench
bench: ## Measure what product.md gives a budget for
	go test -run '^$$' -bench . -benchmem $(BENCHFLAGS) ./...

.PHONY: generate
generate: ## Write docs/reference, docs/man and completions anew
	go test ./cmd/meshctl -run 'TestGenerated' -update
	go test ./pkg/analyze -run 'TestDocs' -update

.PHONY: release
release: ## Build all platforms into dist/, with checksums
	@VERSION='$(VERSION)' release/build.sh

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist

-include test/lab/lab.mk
