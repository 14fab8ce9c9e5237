// Package istio holds what Istio itself means: the mesh's configuration and
// its defaults, labels and revisions, host names and selectors. It reads
// objects and knows nothing of where they come from or how they are printed.
package istio
