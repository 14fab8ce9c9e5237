// Package dashboard finds the web interfaces that belong to a mesh and keeps
// a local port connected to them while pods come and go.
package dashboard

// Dashboard is a web interface that meshctl knows how to find.
type Dashboard struct {
	Name  string // as the user types it
	Title string // as its makers write it

	// Selectors are label selectors of its pods, one for each known way to
	// install it: Istio's samples, the project's Helm chart, its operator.
	Selectors []string
	// IfDeclared are selectors that pick other pods, too: of those only pods count
	// that declare Port.
	IfDeclared []string

	Port int    // the container port of the web interface
	Path string // where the web interface starts, "/" if empty

	// UserEnv and PasswordEnv are the container's environment variables that
	// refer to the Secret with the credentials.
	UserEnv, PasswordEnv string
}

// All lists the dashboards in the order in which help shows them. Adding one
// is adding one literal.
func All() []Dashboard {
	return []Dashboard{
		{
			Name: "grafana", Title: "Grafana", Port: 3000,
			Selectors: []string{
				"app.kubernetes.io/name=grafana",
				"app=grafana",
			},
			IfDeclared: []string{"app.kubernetes.io/managed-by=grafana-operator"},
			UserEnv:    "GF_SECURITY_ADMIN_USER", PasswordEnv: "GF_SECURITY_ADMIN_PASSWORD",
		},
		{
			Name: "jaeger", Title: "Jaeger", Port: 16686, Path: "/",
			Selectors: []string{
				"app=jaeger,!app.kubernetes.io/component",                      // Istio's sample
				"app=jaeger,app.kubernetes.io/component in (query,all-in-one)", // the operator, which has collectors and agents, too
				"app.kubernetes.io/name=jaeger,app.kubernetes.io/component in (query,all-in-one)",
				"app.kubernetes.io/component=query-frontend,app.kubernetes.io/name=tempo", // OpenShift's Tempo with its Jaeger interface
			},
			IfDeclared: []string{
				"app.kubernetes.io/name=tempo-monolithic",
				"app.kubernetes.io/component=opentelemetry-collector", // Jaeger 2 by the operator of OpenTelemetry
			},
		},
		{
			Name: "kiali", Title: "Kiali", Port: 20001, Path: "/kiali",
			Selectors: []string{
				"app.kubernetes.io/name=kiali",
				"app=kiali",
			},
		},
		{
			Name: "prometheus", Title: "Prometheus", Port: 9090,
			Selectors: []string{
				"app.kubernetes.io/name=prometheus",
				"app=prometheus,component notin (alertmanager,kube-state-metrics,node-exporter,pushgateway)",
			},
		},
		{
			Name: "skywalking", Title: "SkyWalking", Port: 8080,
			Selectors: []string{
				"app=skywalking-ui",
				"app=skywalking,component=ui",
				"app.kubernetes.io/name=skywalking,app.kubernetes.io/component=ui",
			},
		},
		{
			Name: "zipkin", Title: "Zipkin", Port: 9411, Path: "/zipkin/",
			Selectors: []string{
				"app=zipkin",
				"app.kubernetes.io/name=zipkin",
			},
		},
	}
}
