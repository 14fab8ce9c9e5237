package trace

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// faultConfig is extensions.filters.http.fault.v3.HTTPFault.
type faultConfig struct {
	Delay *struct {
		Fixed      string         `json:"fixed_delay"`
		Header     jsontext.Value `json:"header_delay"`
		Percentage xds.Fraction   `json:"percentage"`
	} `json:"delay"`
	Abort *struct {
		Status     xds.Uint       `json:"http_status"`
		GRPC       *xds.Uint      `json:"grpc_status"`
		Header     jsontext.Value `json:"header_abort"`
		Percentage xds.Fraction   `json:"percentage"`
	} `json:"abort"`
	Headers []xds.HeaderMatcher `json:"headers"`
	Cluster string              `json:"upstream_cluster"`
}

// fault injects what the filter says: "Specifies a set of headers that the filter
// should match on. A match will happen if all the headers in the config are present".
func (w *walk) fault(set settings) (stop bool) {
	var f faultConfig
	if raw := set.last(); raw == nil || xds.Decode(raw, &f) != nil || f.Delay == nil && f.Abort == nil {
		return false
	}
	step := Step{Stage: "filter", Taken: set.name, Why: "injects faults", Object: set.object}
	if set.from != "" {
		step.Why += ", as the " + set.from + " says"
	}
	for _, h := range f.Headers {
		if ok, rule := matchHeader(h, w.request); !ok {
			step.Why = "injects no fault: " + rule + " does not hold"
			w.step(step)
			return false
		}
	}
	if f.Delay != nil {
		if share := f.Delay.Percentage.Share(); share > 0 && f.Delay.Fixed != "" {
			step.Details = append(step.Details, fmt.Sprintf("delays %g %% of the requests by %s", share*100, f.Delay.Fixed))
		}
	}
	if f.Abort == nil {
		w.step(step)
		return false
	}
	share, status := f.Abort.Percentage.Share(), int(f.Abort.Status)
	if f.Abort.GRPC != nil {
		status = 200
	}
	if share > 0 && f.Abort.Header == nil {
		step.Details = append(step.Details, fmt.Sprintf("aborts %g %% of the requests with %d", share*100, f.Abort.Status))
	}
	w.step(step)
	switch {
	case f.Abort.Header != nil || share == 0:
		return false
	case share < 1:
		w.depend(fmt.Sprintf("the fault filter aborts %g %% of the requests with %d; this is the way of the others", share*100, f.Abort.Status))
		return false
	}
	w.end(Verdict{Outcome: Refused, Status: status, Text: fmt.Sprintf("an injected fault answers every such request with %d", f.Abort.Status),
		Hint: "the fault stands in a VirtualService"})
	return true
}
