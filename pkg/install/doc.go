// Package install turns what an operator asks for (a profile, IstioOperator
// files, --set paths, Helm values) into the Kubernetes objects of a mesh, and
// carries them to a cluster: plan, apply, wait, prune, uninstall.
//
// The way through the package, in order:
//
//	Input → Resolve → Config → Render → []Object → plan, apply, prune
//
// Nothing here knows flags, terminals or clients. The cluster is reached
// through one-method interfaces that the caller satisfies.
package install
