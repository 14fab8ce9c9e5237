// Package inject puts the mesh's proxy into workloads, exactly as istiod's
// webhook would, and takes it out again. It is a pure filter: YAML and the
// mesh's injection configuration in, YAML and a report per workload out.
//
// The path of a document: stream.go splits the input, workload.go finds the
// pod template in it, decision.go says whether it is to be injected,
// render.go runs the mesh's templates, merge.go lays their output over the
// pod, and the rest (overrides, probes, prometheus, order) finishes the pod.
package inject
