package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
)

// replicaAnswer says which replicas of a workload do the same, and what the others do
// differently.
type replicaAnswer struct {
	Alike []string     `json:"alike"`
	Odd   []oddReplica `json:"odd"`
}

type oddReplica struct {
	Proxy string      `json:"proxy"`
	Diff  diff.Result `json:"diff"`
}

// runProxyReplicas compares all replicas of a workload with what most of them do.
func runProxyReplicas(ctx context.Context, e *env, workload string) error {
	pods, err := e.proxyPods(ctx, []string{workload}, "", false, true)
	if err != nil {
		return err
	}
	if len(pods) < 2 {
		return usagef("%s has one pod; to compare it with something, name a second side", workload)
	}
	targets := make([]proxyTarget, len(pods))
	for i, pod := range pods {
		if targets[i], err = e.podTarget(pod); err != nil {
			return err
		}
	}
	var groups [][]proxyAnswer
	var failures []error
	for i, a := range readAll(ctx, targets, diff.Reads) {
		if a.err != nil {
			failures = append(failures, a.err)
			continue
		}
		a.dump.Replace(ownNames(pods[i]))
		if groups, err = sortIn(groups, a); err != nil {
			return err
		}
	}
	if len(failures) == len(pods) {
		return errors.Join(failures...)
	}
	if err := e.printReplicas(groups); err != nil && !errors.Is(err, errFindings) || len(failures) == 0 {
		return err
	}
	for _, failure := range failures {
		fmt.Fprintln(e.err, "error:", failure)
	}
	return errSomeProxies
}

// sortIn puts a proxy to those that do the same.
func sortIn(groups [][]proxyAnswer, a proxyAnswer) ([][]proxyAnswer, error) {
	for i := range groups {
		result, err := diff.Compare(groups[i][0].dump, a.dump, diff.Options{Dynamic: true})
		if err != nil {
			return nil, err
		}
		if result.Equal() {
			groups[i] = append(groups[i], a)
			return groups, nil
		}
	}
	return append(groups, []proxyAnswer{a}), nil
}

func (e *env) printReplicas(groups [][]proxyAnswer) error {
	usual := 0
	for i := range groups {
		if len(groups[i]) > len(groups[usual]) {
			usual = i
		}
	}
	answer := replicaAnswer{Odd: []oddReplica{}}
	var names []string
	for i, group := range groups {
		for _, a := range group {
			if i == usual {
				answer.Alike = append(answer.Alike, a.name)
				continue
			}
			result, err := diff.Compare(groups[usual][0].dump, a.dump, diff.Options{Dynamic: true})
			if err != nil {
				return err
			}
			answer.Odd = append(answer.Odd, oddReplica{a.name, result})
			names = append(names, a.name)
		}
	}
	var err error
	switch e.global.output {
	case printer.JSON, printer.YAML, printer.Name:
		err = printer.Print(e.out, e.global.output, printer.Report{Data: answer, Names: names})
	default:
		fmt.Fprintf(e.out, "%d alike: %s\n", len(answer.Alike), strings.Join(answer.Alike, ", "))
		for _, odd := range answer.Odd {
			fmt.Fprintf(e.out, "\nodd: %s\n", odd.Proxy)
			if err = printDiff(e.out, odd.Diff, e.global.output == printer.Wide); err != nil {
				return err
			}
		}
	}
	if err == nil && len(answer.Odd) > 0 {
		err = errFindings
	}
	return err
}
