# kubewake: `make demo` to look, `make test` before you commit.

GOLANGCI_VERSION := v2.15.0
BIN  := bin
LINT := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

export CGO_ENABLED := 0

.PHONY: build demo test race lint vet fuzz bench bench-large cluster jaeger e2e recordings clean

build: ## the one static binary, bin/kubewake
	go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/kubewake ./cmd/kubewake

demo: build ## open the recorded incident that ships with the repository
	$(BIN)/kubewake demo

test: build vet lint ## everything that must pass before a commit; under 5 minutes on 2 cores, caches warm
	go test -timeout 20m ./...
	go -C examples/plugin vet ./... && go -C examples/plugin test ./... # when it says that updates to go.mod are needed: go -C examples/plugin mod tidy

race: ## all tests under the race detector, which needs cgo; -short leaves the longest replays to make test (without it: half an hour more)
	CGO_ENABLED=1 go test -race -short -timeout 60m ./...

RUN ?= .
E2E ?= ./test/... ./source/webhook/... ./source/tail/... ./auditpolicy/... ./api/jaeger/... ./export/... ./serve/...
e2e: build ## the built program beside a real control plane, with faults tried for real; builds the control plane and a Jaeger first, which takes minutes once. RUN=TestName for some
	go -C test/cluster test -trimpath ./plane ./workload ./record
	cluster="$$(go run ./internal/testcluster -path)" && jaeger="$$(go run ./internal/testjaeger -path)" && \
	  KUBEWAKE_BIN=$(abspath $(BIN))/kubewake KUBEWAKE_TESTCLUSTER="$$cluster" KUBEWAKE_JAEGER="$$jaeger" \
	  go test -timeout 60m -p 1 -parallel 2 -run "$(RUN)" $(E2E)

vet:
	go vet ./...

lint: $(LINT)
	$(LINT) run

$(LINT):
	GOBIN=$(abspath $(BIN)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/golangci-lint $@

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME
	@go list ./... | while read -r pkg; do \
	  go test -list '^Fuzz' $$pkg | grep '^Fuzz' | while read -r target; do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done || exit 1; \
	done

bench: build ## speed and size on a corpus multiplied from a real recording; figures go to docs/benchmarks.md
	go test -run '^$$' -bench . -benchmem ./internal/rawjson ./source/... ./object/... ./query ./link ./store/... ./index ./engine/local ./api/jaeger ./export
	go run ./cmd/bench
	go run ./cmd/bench -webhook

bench-large: build ## the same at 10 million records, streamed into the importer
	go run ./cmd/bench -records 10000000

cluster: ## a real Kubernetes control plane on loopback to play with, until Ctrl-C; FLAGS="-nodes 5 -webhook URL", see FLAGS=-h. Its first build takes minutes
	go run ./internal/testcluster up $(FLAGS)

jaeger: ## the Jaeger that the tests use, before a kubewake at 127.0.0.1:17271, until Ctrl-C: its query API; its page is in Jaeger's own releases only
	go run ./internal/testjaeger

RECORDINGS ?= dist/recordings
recordings: ## recordings of a real cluster like those in testdata/recordings, with synthetic secrets, in about 8 minutes
	@mkdir -p $(RECORDINGS) && raw=$$(mktemp -d) && trap 'rm -rf "$$raw"' EXIT && \
	  go run ./internal/testcluster recordings -out "$$raw" && \
	  go run ./internal/recordings/redact -in "$$raw" -out $(RECORDINGS)

clean:
	rm -rf $(BIN)
