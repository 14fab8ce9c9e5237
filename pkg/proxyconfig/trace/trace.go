// Package trace follows one request through a proxy, by the rules that Envoy
// documents for the configuration in a dump: which listener, filter chain, filters,
// virtual host, route, cluster and endpoints it meets, and what becomes of it.
//
// Nothing is sent. What depends on more than the dump and the request (a random
// number, a token's signature, an outside service) is said, not guessed.
package trace

// Trace is the way of a request.
type Trace struct {
	Request string  `json:"request"`
	Steps   []Step  `json:"steps"`
	Verdict Verdict `json:"verdict"`
}

// Step is a decision on the way.
type Step struct {
	// Stage is listener, filter-chain, filter, virtual-host, route, cluster or endpoint.
	Stage string `json:"stage"`
	// Taken is what was chosen, Why the rule by which it was.
	Taken string `json:"taken"`
	Why   string `json:"why,omitempty"`
	// Details are what the chosen thing does to the request.
	Details []string `json:"details,omitempty"`
	// Object is the Istio object behind it, as Kind/namespace/name.
	Object string `json:"object,omitempty"`
	// PassedOver are the alternatives, in the order in which they were looked at.
	PassedOver []Passed `json:"passedOver,omitempty"`
}

// Passed is an alternative that was not taken.
type Passed struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Outcome is what becomes of a request.
type Outcome string

// Outcomes. Fails means that the proxy wants to send it on but cannot; Unknown that
// it hangs on something which the dump does not say.
const (
	Delivered  Outcome = "delivered"
	Refused    Outcome = "refused"
	Redirected Outcome = "redirected"
	Answered   Outcome = "answered"
	Fails      Outcome = "fails"
	Unknown    Outcome = "unknown"
)

// Verdict is the end of the way.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// Status is the HTTP status that the client sees if the proxy itself answers.
	Status int    `json:"status,omitempty"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
	// Depends are conditions that were taken as given.
	Depends []string `json:"depends,omitempty"`
	Targets []Target `json:"targets,omitempty"`
}

// Target is a cluster that gets the request, or a share of all such requests.
type Target struct {
	Cluster string `json:"cluster"`
	// Share is a part of one.
	Share     float64  `json:"share"`
	Endpoints []string `json:"endpoints"`
	// TLS is none, TLS or mutual TLS.
	TLS string `json:"tls"`
	// Problem says why this target cannot be reached.
	Problem string `json:"problem,omitempty"`
}

// walk is a trace in the making.
type walk struct {
	proxy   *Proxy
	request Request
	trace   Trace
	depends []string
	asked   []string // what the rules that are looked at hang on, and the request does not tell
}

func (w *walk) step(s Step) { w.trace.Steps = append(w.trace.Steps, s) }

// end sets the verdict and is always the last call.
func (w *walk) end(v Verdict) { w.trace.Verdict = v }

// depend notes something that was taken as given.
func (w *walk) depend(text string) { w.depends = append(w.depends, text) }

// Run follows a request through a proxy.
func Run(p *Proxy, r Request) Trace {
	w := &walk{proxy: p, request: r, trace: Trace{Request: r.Method + " " + r.Scheme + "://" + r.Host + r.Path, Steps: []Step{}}}
	if r.isTCP() {
		w.trace.Request = r.Scheme + "://" + r.Host
	}
	w.listen()
	w.trace.Verdict.Depends = w.depends
	return w.trace
}
