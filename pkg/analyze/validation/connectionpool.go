package validation

import (
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (r *report) connectionPool(at resource.FieldPath, pool *networking.ConnectionPoolSettings) {
	if pool == nil {
		return
	}
	if pool.GetHttp() == nil && pool.GetTcp() == nil {
		r.errorf(at, "a connection pool must not be empty")
		return
	}
	if http := pool.GetHttp(); http != nil {
		at := sub(at, "http")
		r.notNegative(at, "http1MaxPendingRequests", http.GetHttp1MaxPendingRequests())
		r.notNegative(at, "http2MaxRequests", http.GetHttp2MaxRequests())
		r.notNegative(at, "maxRequestsPerConnection", http.GetMaxRequestsPerConnection())
		r.notNegative(at, "maxRetries", http.GetMaxRetries())
		r.duration(at, "idleTimeout", http.GetIdleTimeout())
		if http.GetH2UpgradePolicy() == networking.ConnectionPoolSettings_HTTPSettings_UPGRADE && http.GetUseClientProtocol() {
			r.errorf(sub(at, "useClientProtocol"), "useClientProtocol contradicts h2UpgradePolicy UPGRADE")
		}
		r.notNegative(at, "maxConcurrentStreams", http.GetMaxConcurrentStreams())
		if keepalive := http.GetHttp2KeepAlive(); keepalive != nil {
			at := sub(at, "http2KeepAlive")
			r.requiredDuration(at, "interval", keepalive.GetInterval())
			r.requiredDuration(at, "timeout", keepalive.GetTimeout())
		}
	}
	if tcp := pool.GetTcp(); tcp != nil {
		at := sub(at, "tcp")
		r.notNegative(at, "maxConnections", tcp.GetMaxConnections())
		r.duration(at, "connectTimeout", tcp.GetConnectTimeout())
		r.duration(at, "maxConnectionDuration", tcp.GetMaxConnectionDuration())
		if idle := tcp.GetIdleTimeout(); idle.AsDuration().Milliseconds() != 0 { // 0 disables the timeout
			r.duration(at, "idleTimeout", idle)
		}
		r.duration(sub(at, "tcpKeepalive"), "time", tcp.GetTcpKeepalive().GetTime())
		r.duration(sub(at, "tcpKeepalive"), "interval", tcp.GetTcpKeepalive().GetInterval())
	}
}

func (r *report) notNegative(at resource.FieldPath, field string, value int32) {
	if value < 0 {
		r.errorf(sub(at, field), "%s %d is negative", field, value)
	}
}

func (r *report) duration(at resource.FieldPath, field string, d *durationpb.Duration) {
	if d != nil {
		r.check(sub(at, field), checkDuration(d))
	}
}

func (r *report) requiredDuration(at resource.FieldPath, field string, d *durationpb.Duration) {
	if d == nil {
		r.errorf(at, "%s is required", field)
		return
	}
	r.duration(at, field, d)
}
