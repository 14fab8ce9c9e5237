// Package envoy simulates an Envoy proxy as far as a mesh's command line can
// see it: it holds the configuration that istiod sends over xDS and answers
// Envoy's admin endpoints from it. No traffic goes through it.
//
// What is real: node, resources, versions, certificates, acknowledgements. What
// is made up: results of DNS, statistics of traffic, Envoy's own version.
//
// Tests can have a proxy misbehave: reject resources, stop answering istiod,
// close its admin port or answer slowly.
package envoy
