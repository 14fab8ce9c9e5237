# The lab: a real control plane on one machine, without containers.
# See test/lab/README.md.

# Built before the tests, where the progress can be seen.
test: lab-tools

.PHONY: lab-tools
lab-tools: ## Build the programs that the lab runs, unless they are current
	@go run ./test/lab/cmd/lab-tools

.PHONY: lab
lab: build ## Start a lab to try meshctl on; Ctrl-C stops it
	@go build -o .lab/lab ./test/lab/cmd/lab
	@.lab/lab up

.PHONY: demo-lab
demo-lab: build ## Play meshctl's story on a lab, with real commands
	@go build -o .lab/lab ./test/lab/cmd/lab
	@.lab/lab up -- test/lab/demo.sh $(BIN) .lab/lab

.PHONY: lab-down
lab-down: ## Stop the labs that `make lab` has left running
	@go run ./test/lab/cmd/lab down
