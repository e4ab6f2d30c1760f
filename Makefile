# kubewake: `make demo` to look, `make test` before you commit.

GOLANGCI_VERSION := v2.15.0
BIN  := bin
LINT := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

export CGO_ENABLED := 0

.PHONY: build ui dev demo test test-ui race lint vet fuzz bench bench-large bench-ui cluster jaeger e2e e2e-long e2e-ui screenshots recordings clean

build: ## the one static binary, bin/kubewake; with the UI in it if make ui was run before, else with a plain page. It needs no Node
	go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/kubewake ./cmd/kubewake

UI_MODULES := web/node_modules/.package-lock.json
$(UI_MODULES): web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

UI_SOURCES = $(shell find web/src web/public web/scripts web/index.html web/vite.config.ts web/tsconfig.json web/package.json -type f)
ui: web/dist/ui/index.html.gz ## the UI, into web/dist/ui, from where make build takes it; needs Node 20.19 or newer with npm
web/dist/ui/index.html.gz: $(UI_MODULES) $(UI_SOURCES)
	npm --prefix web run build

KUBEWAKE_URL ?= http://127.0.0.1:7575
dev: $(UI_MODULES) ## the UI as it is edited, with hot reload, over a kubewake that runs at KUBEWAKE_URL, until Ctrl-C
	KUBEWAKE_URL=$(KUBEWAKE_URL) npm --prefix web run dev

test-ui: $(UI_MODULES) ## types, lint and unit tests of the UI
	npm --prefix web run check && npm --prefix web run lint && npm --prefix web test

demo: ## open the recorded incident that ships with the repository, in the UI if npm is there to build it
	@if ! command -v npm >/dev/null; then echo "npm is not there: the UI is what was built last, if anything; the command line and the API are whole"; \
	  elif ! $(MAKE) --no-print-directory ui; then echo "the UI could not be built (above): it is what was built last, if anything; the command line and the API are whole"; fi
	@$(MAKE) --no-print-directory build
	$(BIN)/kubewake demo

test: build vet lint ## everything that must pass before a commit; under 5 minutes on 2 cores, caches warm
	go test -timeout 20m ./...
	go -C examples/plugin vet ./... && go -C examples/plugin test ./... # when it says that updates to go.mod are needed: go -C examples/plugin mod tidy

race: ## all tests under the race detector, which needs cgo; -short leaves the longest replays to make test (without it: half an hour more)
	CGO_ENABLED=1 go test -race -short -timeout 60m ./...

RUN ?= .
KUBERNETES ?=
E2E ?= ./test/... ./source/webhook/... ./source/tail/... ./auditpolicy/... ./api/jaeger/... ./export/... ./serve/...
e2e: build ## the built program beside a real control plane, with faults tried for real; builds the control plane and a Jaeger first, which takes minutes once. RUN=TestName for some
	go -C test/cluster test -trimpath ./plane ./workload ./record
	cluster="$$(KUBEWAKE_KUBERNETES=$(KUBERNETES) go run ./internal/testcluster -path)" && jaeger="$$(go run ./internal/testjaeger -path)" && \
	  KUBEWAKE_BIN=$(abspath $(BIN))/kubewake KUBEWAKE_TESTCLUSTER="$$cluster" KUBEWAKE_JAEGER="$$jaeger" \
	  go test -timeout 60m -p 1 -parallel 2 -run "$(RUN)" $(E2E)

e2e-long: ## make e2e beside an older Kubernetes minor version too, which takes minutes to build once
	@$(MAKE) --no-print-directory e2e
	@$(MAKE) --no-print-directory e2e KUBERNETES=1.36

e2e-ui: ui ## the UI in a real browser (Debian's chromium; CHROMIUM names another), over the recorded incident and over a running cluster
	@$(MAKE) --no-print-directory build
	cluster="$$(go run ./internal/testcluster -path)" && \
	  KUBEWAKE_BIN=$(abspath $(BIN))/kubewake KUBEWAKE_TESTCLUSTER="$$cluster" npm --prefix web run e2e

SCREENSHOTS ?= dist/screenshots
screenshots: ui ## every page of the UI over the recorded incident, light and dark, into SCREENSHOTS
	@$(MAKE) --no-print-directory build
	KUBEWAKE_BIN=$(abspath $(BIN))/kubewake SCREENSHOTS=$(abspath $(SCREENSHOTS)) npm --prefix web run e2e -- screenshots

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

BENCH_UI := dist/bench-ui
bench-ui: ui ## how long frames of the timeline take in the browser: over a synthetic cluster, and over a million audit events, which are made once in dist/bench-ui
	@$(MAKE) --no-print-directory build
	test -d $(BENCH_UI)/store || { mkdir -p $(BENCH_UI) && go run ./cmd/bench -records 1000000 -questions 1 -data $(BENCH_UI)/store; }
	$(BIN)/kubewake serve --data $(BENCH_UI)/store --listen 127.0.0.1:7599 & server=$$!; trap 'kill $$server' EXIT; \
	  until curl -sf http://127.0.0.1:7599/readyz >/dev/null; do kill -0 $$server || exit 1; sleep 0.2; done; \
	  cd web && node scripts/bench-ui.mjs http://127.0.0.1:7599

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
	rm -rf $(BIN) web/dist/ui
