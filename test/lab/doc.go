// Package lab runs a real Kubernetes control plane and a real istiod on one
// machine, without containers: for tests, and for anybody who wants to try
// meshctl without a cluster.
//
// etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and
// istiod are the real programs, built by package tools. Only what a node does
// is simulated: kwok answers for the kubelet, and the lab's own [Runtime] does
// for three kinds of container what a container engine would do:
//
//   - "discovery" (istiod) becomes a real istiod process,
//   - "istio-proxy" becomes a simulated Envoy, fed by istiod over xDS, or a real
//     one where ENVOY_BIN names it or one is on PATH,
//   - ztunnel becomes a simulated admin port.
//
// Such a pod is Ready when its process is, its ports can be forwarded to, and
// the API server reaches it through its Service, so webhooks work as they are
// installed. Every other container is simulated by kwok and runs nothing.
//
// Everything binds to loopback, no port is fixed and all state is in one
// temporary folder, so several labs run side by side. Nothing outlives the
// process that started the lab, not even when it is killed.
//
// Not as in a cluster: there is no DNS, no routing of cluster IPs or pod IPs
// other than for the API server, no NetworkPolicy and no metrics for
// autoscalers.
package lab
