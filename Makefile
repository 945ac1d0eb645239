# vcrelay. `make` alone prints the targets. Nothing but Go, make and git is needed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

export CGO_ENABLED := 0

VERSION ?= $(shell git --no-optional-locks describe --tags --always --dirty 2>/dev/null || echo development)
LINT_VERSION := 2.15.0
LINT := bin/golangci-lint
LINT_STAMP := bin/.golangci-lint-$(LINT_VERSION)
BACKEND ?= nats
FOR ?=
SEEDS ?= 300
FIRST ?= 1
EVENTS ?= 200000
ROUNDS ?= 3
STOPS ?= 50
ORDER_EVENTS ?= 100000
LATENCY_SECONDS ?= 60
KILLS ?= 100
VCENTERS ?= 100

##@ Use it

.PHONY: help
help: ## print the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## run everything here until Ctrl-C; FOR=20s stops by itself and counts; BACKEND=kafka takes components/kafka
	@bin/vcrelay up --backend $(BACKEND) $(if $(FOR),--for $(FOR))

.PHONY: build
build: go ## build bin/vcrelay
	@echo "building bin/vcrelay $(VERSION)"
	@mkdir -p bin
	@go build -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)" -o bin/vcrelay ./app

.PHONY: tools
tools: build ## find or build what a run needs: daprd, the broker
	@bin/vcrelay up --build-only

.PHONY: broker
broker: tools ## run the NATS JetStream broker on 127.0.0.1:4222, for `dapr run -f dapr.yaml`
	@echo "broker on 127.0.0.1:4222, Ctrl-C stops it"
	@exec bin/broker --listen 127.0.0.1:4222 --dir .vcrelay/broker

##@ Change it

.PHONY: check
check: go $(LINT_STAMP) ## what CI runs first: format, vet, linters, documents
	@echo "check: format (make format mends it)"
	@$(LINT) fmt --diff
	@cd tools && ../$(LINT) fmt --config ../.golangci.yml --diff
	@echo "check: go vet"
	@go vet ./...
	@go vet -tags e2e ./test/...
	@cd tools && go vet ./...
	@$(MAKE) lint
	@echo "check: documents (make docs mends the table and the schema), and that each mutant applies"
	@go test ./test/docs ./test/mutants

.PHONY: test
test: tools ## all tests: unit, then end to end on real sidecars and a real broker
	@echo "test: unit tests"
	@go test ./...
	@cd tools && go test ./...
	@echo "test: end to end, on daprd and NATS JetStream (a few minutes)"
	@go test -count=1 -tags e2e -timeout 15m -p 1 -v ./test/docs ./test/e2e ./test/mutants ./test/stack

.PHONY: test-heal
test-heal: export VCRELAY_DAPRD = stock
test-heal: tools ## on a daprd without our patches, the broker away for three minutes, until the connection to it is dead for good (five minutes)
	@E2E_LONG=1 go test -count=1 -tags e2e -timeout 10m -v -run '^TestADeadBrokerConnectionIsHealed$$' ./test/e2e

.PHONY: test-stop
test-stop: tools ## the relay stopped with SIGTERM under load, STOPS=50 times: missing, duplicates, the longest stop (a minute)
	@E2E_STOPS=$(STOPS) go test -count=1 -tags e2e -timeout 30m -v -run '^TestSigtermUnderLoadLosesAndRepeatsNothing$$' ./test/e2e | \
		awk '/^stop:|^ +sigterm_test|^--- FAIL|^FAIL|^ok/ { print; fflush() } /^FAIL/ { bad = 1 } /^ok/ { good = 1 } END { exit bad || !good }'

.PHONY: test-order
test-order: tools ## the order of ORDER_EVENTS=100000 events in the broker and at the function, per entity and strict (five minutes)
	@E2E_ORDER_EVENTS=$(ORDER_EVENTS) go test -count=1 -tags e2e -timeout 90m -v -run '^TestEventsArriveInTheOrderThatWasAskedFor$$' ./test/e2e | \
		awk '/^order|^ +order_test|^ *--- FAIL|^FAIL|^ok/ { print; fflush() } /^FAIL/ { bad = 1 } /^ok/ { good = 1 } END { exit bad || !good }'

.PHONY: test-fleet-replicas
test-fleet-replicas: tools ## three relays, 30 vCenters: killed or paused KILLS=100 times, on SQLite and on PostgreSQL (ten minutes)
	@E2E_KILLS=$(KILLS) go test -count=1 -tags e2e -timeout 60m -v -run '^TestStreamsSpreadOverReplicasThatDie$$' ./test/e2e | \
		awk '/^(replicas:|    --- FAIL|--- FAIL|FAIL|ok)|(spread|fleet|postgres)[a-z]*_test.go:/ { print; fflush() } /^FAIL/ { bad = 1 } /^ok/ { good = 1 } END { exit bad || !good }'

# An installed daprd would do, but for the components that ours has mended.
certify test-backends: export VCRELAY_DAPRD ?= own

.PHONY: certify
certify: tools ## BACKEND=nats on its real broker, 20,000 events and one fault after the other: lost, order, recovery; SHORT=1 has 2,000 (two minutes)
	@E2E_BACKEND=$(BACKEND) E2E_SHORT=$(SHORT) go test -count=1 -tags e2e -timeout 90m -v -run '^TestCertify$$' ./test/backends | \
		awk 'sub(/^certify: /, "") || /^ +[a-z]+_test.go:|^ *--- FAIL|^FAIL|^ok/ { print; fflush() } /^FAIL/ { bad = 1 } /^ok/ { good = 1 } END { exit bad || !good }'

.PHONY: test-backends
test-backends: tools ## what is peculiar to one backend, on RabbitMQ, Mosquitto and a simulation of AWS (test/backends/brokers/*.sh --install)
	@go test -count=1 -tags e2e -timeout 15m ./test/backends

.PHONY: backends-doc
backends-doc: go ## take over what was certified here (bin/certify), and write docs/backends.md anew
	@go test -count=1 -run '^TestThePageOfBackendsIsMadeOfTheResults$$' ./test/backends -update

.PHONY: unit
unit: go ## unit tests only
	@go test ./...

.PHONY: race
race: go ## unit tests with the race detector, which needs a C compiler
	@command -v "$$(go env CC)" >/dev/null || { echo "make race: no C compiler ($$(go env CC)) in PATH; install one, e.g. apt-get install gcc libc6-dev" >&2; exit 1; }
	@CGO_ENABLED=1 go test -race ./...

.PHONY: simulate
simulate: go ## simulated days with faults, judged: SEEDS=300 FIRST=1; one seed with TRACE=1 prints what happens
	@mkdir -p bin
	@go test -c -o bin/simulation.test ./app/relay/relaytest/simulation
	@bin/simulation.test -test.run '^TestSimulate$$' -test.timeout 0 -seeds $(SEEDS) -first $(FIRST) $(if $(TRACE),-trace)

.PHONY: mutants
mutants: go ## plant each fault of test/mutants, and see which simulated day catches it
	@go run ./test/mutants

.PHONY: bench-read
bench-read: go ## reading beside govmomi and over TLS: CPU, allocations, events/s and their goals (two minutes)
	@{ go test -run '^$$' -bench '^Benchmark(Transcode(|Only|AndKeep|PascalCase)|Govmomi)$$' -benchmem ./app/vcenter/vimjson && \
		go test -run '^$$' -bench BesideGovmomi -benchtime 41x ./app/vcenter/vimjson && \
		go test -run '^$$' -bench PagesOverTLS -benchtime 1000x -count 3 ./app/vcenter/vim; } | \
		awk -f app/vcenter/vimjson/testdata/bench-read.awk

.PHONY: bench-idle
bench-idle: go ## time from an event of a quiet vCenter to the publisher: 30 events 7 s apart
	@VCRELAY_TEST_IDLE_EVENTS=30 VCRELAY_TEST_IDLE_PAUSE=7s go test -count=1 -run TestAnIdleVCenterIsHeardAtOnce -v ./app | grep idle:

.PHONY: bench-relay
bench-relay: tools ## draining a backlog through daprd beside a bare loop of publishes: events/s, CPU, memory (EVENTS=200000, twenty minutes)
	@E2E_BENCH_EVENTS=$(EVENTS) E2E_BENCH_ROUNDS=$(ROUNDS) go test -count=1 -tags e2e -timeout 60m -v -run '^TestBenchRelay$$' ./test/e2e | \
		awk '/^(component|in-memory|jetstream|mix|--- FAIL|FAIL|ok)/ { print; fflush() } /^FAIL/ { bad = 1 } /^ok/ { good = 1 } END { exit bad || !good }'

.PHONY: bench-latency
bench-latency: tools ## from createdTime in the simulated vCenter to the function over JetStream at 300 events/s, and the goals (two minutes)
	@E2E_LATENCY_SECONDS=$(LATENCY_SECONDS) go test -count=1 -tags e2e -timeout 30m -v -run '^TestBenchLatency$$' ./test/e2e | \
		awk '/^(latency|stage|created|stored|goal)|^ +latency_test|^--- FAIL|^FAIL|^ok/ { print; fflush() } /^FAIL/ { bad = 1 } /^ok/ { good = 1 } END { exit bad || !good }'

.PHONY: bench-fleet
bench-fleet: tools ## VCENTERS=100 in one relay: nothing lost, memory, and latency while a fifth of them is dead, slow or flapping (four minutes)
	@E2E_BENCH_VCENTERS=$(VCENTERS) E2E_BENCH_SPAN=60s go test -count=1 -tags e2e -timeout 20m -v -run '^TestBenchFleet$$' ./test/e2e | \
		awk '/^(fleet:|--- FAIL|FAIL|ok)|fleet[a-z]*_test.go:/ { print; fflush() } /^FAIL/ { bad = 1 } /^ok/ { good = 1 } END { exit bad || !good }'

.PHONY: bench-memory
bench-memory: go ## peak memory of reading unknown classes, an event of 50 MB, also live, a hole, a wrap, and its goal (two minutes)
	@mkdir -p bin
	@go test -c -o bin/memory.test ./app/vcenter
	@VCRELAY_TEST_MEMORY=1 bin/memory.test -test.run '^TestPeakMemory$$'

.PHONY: lint
lint: go $(LINT_STAMP) ## run the linters over both modules
	@echo "check: golangci-lint"
	@$(LINT) run ./...
	@cd tools && ../$(LINT) run --config ../.golangci.yml ./...

.PHONY: format
format: go $(LINT_STAMP) ## format the Go code
	@$(LINT) fmt
	@cd tools && ../$(LINT) fmt --config ../.golangci.yml

.PHONY: docs
docs: go ## write the README's table of variables and the schema of the fleet file anew
	@go test -count=1 ./test/docs -update

.PHONY: clean
clean: ## remove what was built, and the data of local runs
	rm -rf bin .vcrelay

$(LINT_STAMP): | go
	@echo "building golangci-lint $(LINT_VERSION) (the first time takes minutes, later runs use $(LINT))"
	@GOBIN="$(CURDIR)/bin" GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION)
	@rm -f bin/.golangci-lint-* && touch $@

.PHONY: go
go:
	@command -v go >/dev/null || { echo "make: no Go in PATH; install it from https://go.dev/dl" >&2; exit 2; }
