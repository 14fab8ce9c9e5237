package kube

import "k8s.io/apimachinery/pkg/runtime/schema"

// Kinds that this package itself reads.
var (
	podKind     = schema.GroupKind{Kind: "Pod"}
	serviceKind = schema.GroupKind{Kind: "Service"}
	gatewayKind = schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: "Gateway"}
)
