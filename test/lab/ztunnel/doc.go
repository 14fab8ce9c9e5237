// Package ztunnel simulates the admin port of a ztunnel, the node proxy of
// ambient mode. Workloads, services and policies are those that istiod would
// send to it, read from istiod's /debug/ambientz; certificates are signed by
// istiod. No traffic goes through it, so there are no connections.
package ztunnel
