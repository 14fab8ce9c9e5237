package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) connectionPool(at *place, pool *networking.ConnectionPoolSettings) {
	if pool == nil {
		return
	}
	if pool.Http == nil && pool.Tcp == nil {
		c.failf(at, "the connection pool has neither http nor tcp settings")
		return
	}
	if pool.Http != nil {
		c.httpPool(at.Child("http"), pool.Http)
	}
	if pool.Tcp != nil {
		c.tcpPool(at.Child("tcp"), pool.Tcp)
	}
}

func (c *checker) httpPool(at *place, http *networking.ConnectionPoolSettings_HTTPSettings) {
	c.notNegative(at, "http1MaxPendingRequests", http.Http1MaxPendingRequests)
	c.notNegative(at, "http2MaxRequests", http.Http2MaxRequests)
	c.notNegative(at, "maxRequestsPerConnection", http.MaxRequestsPerConnection)
	c.notNegative(at, "maxRetries", http.MaxRetries)
	c.notNegative(at, "maxConcurrentStreams", http.MaxConcurrentStreams)
	c.duration(at.Child("idleTimeout"), http.IdleTimeout)
	if http.UseClientProtocol && http.H2UpgradePolicy == networking.ConnectionPoolSettings_HTTPSettings_UPGRADE {
		c.failf(at.Child("useClientProtocol"), "useClientProtocol keeps the client's protocol and h2UpgradePolicy UPGRADE changes it; only one can be set")
	}
	if keepAlive := http.Http2KeepAlive; keepAlive != nil {
		at := at.Child("http2KeepAlive")
		if keepAlive.Interval == nil {
			c.failf(at, "HTTP/2 keep-alive needs an interval")
		}
		c.duration(at.Child("interval"), keepAlive.Interval)
		if keepAlive.Timeout == nil {
			c.failf(at, "HTTP/2 keep-alive needs a timeout")
		}
		c.duration(at.Child("timeout"), keepAlive.Timeout)
	}
}

func (c *checker) tcpPool(at *place, tcp *networking.ConnectionPoolSettings_TCPSettings) {
	c.notNegative(at, "maxConnections", tcp.MaxConnections)
	c.duration(at.Child("connectTimeout"), tcp.ConnectTimeout)
	c.duration(at.Child("maxConnectionDuration"), tcp.MaxConnectionDuration)
	if tcp.IdleTimeout.AsDuration().Milliseconds() != 0 { // 0s means no timeout
		c.duration(at.Child("idleTimeout"), tcp.IdleTimeout)
	}
	if keepAlive := tcp.TcpKeepalive; keepAlive != nil {
		c.duration(at.Child("tcpKeepalive").Child("time"), keepAlive.Time)
		c.duration(at.Child("tcpKeepalive").Child("interval"), keepAlive.Interval)
	}
}

func (c *checker) notNegative(at *place, field string, value int32) {
	if value < 0 {
		c.failf(at.Child(field), "%s cannot be negative", field)
	}
}
