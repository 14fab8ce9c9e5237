// Package status tells how far the configuration of each proxy is behind what istiod
// has sent, from istiod's /debug/syncz.
package status

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is the state of one type of configuration in one proxy.
type State string

// States. The words are those of the peer.
const (
	Synced  State = "SYNCED"
	Stale   State = "STALE"
	Error   State = "ERROR"
	NotSent State = "NOT SENT"
	Ignored State = "IGNORED"
)

// Meaning says in a sentence what a state means.
func (s State) Meaning() string {
	return map[State]string{
		Synced:  "the proxy has what istiod sent last",
		Stale:   "istiod has sent something that the proxy has not acknowledged yet; if it stays so, the proxy hangs or the connection does",
		Error:   "the proxy rejected what istiod sent and goes on with what it had before",
		NotSent: "istiod had nothing to send",
		Ignored: "the proxy does not ask for this type",
	}[s]
}

// Type is one type of configuration in one proxy.
type Type struct {
	State State `json:"state"`
	// Since is when istiod sent last.
	Since time.Time `json:"since,omitzero"`
	// Sent and Acked are nonces.
	Sent  string `json:"sent,omitempty"`
	Acked string `json:"acked,omitempty"`
	// Problem is what the proxy said of the update that it rejected.
	Problem string `json:"problem,omitempty"`
}

// Proxy is a proxy that is connected to an istiod.
type Proxy struct {
	Name    string          `json:"proxy"`
	Cluster string          `json:"cluster"`
	Kind    string          `json:"type,omitempty"`
	Version string          `json:"version"`
	Istiod  string          `json:"istiod"`
	Types   map[string]Type `json:"types"` // by short name, CDS
}

// InSync tells whether the proxy has all that was sent to it.
func (p Proxy) InSync() bool {
	for _, t := range p.Types {
		if t.State == Stale || t.State == Error {
			return false
		}
	}
	return true
}

// Parse reads an answer of /debug/syncz. A connection without a proxy's name is no proxy.
func Parse(istiod string, body []byte) ([]Proxy, error) {
	var answer []struct {
		Proxy     string `json:"proxy"`
		Kind      string `json:"proxy_type"`
		Cluster   string `json:"cluster_id"`
		Version   string `json:"istio_version"`
		Resources map[string]struct {
			Sent  string    `json:"sent"`
			Acked string    `json:"acked"`
			Time  time.Time `json:"sentTime"`
			Error string    `json:"lastError"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("reading the answer of %s to /debug/syncz: %w", istiod, err)
	}
	out := []Proxy{}
	for _, a := range answer {
		if a.Proxy == "" {
			continue
		}
		p := Proxy{Name: a.Proxy, Cluster: a.Cluster, Kind: a.Kind, Version: a.Version, Istiod: istiod, Types: map[string]Type{}}
		for url, r := range a.Resources {
			t := Type{State: Synced, Since: r.Time, Sent: r.Sent, Acked: r.Acked}
			switch {
			case r.Sent == "":
				t.State, t.Since = NotSent, time.Time{}
			case r.Error != "" && r.Sent != r.Acked:
				t.State, t.Problem = Error, r.Error
			case r.Sent != r.Acked:
				t.State = Stale
			}
			p.Types[ShortType(url)] = t
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Proxy) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Istiod, b.Istiod)) })
	return out, nil
}

// ShortType is the usual abbreviation of a type, the end of its URL for others.
func ShortType(url string) string {
	name := url[strings.LastIndexByte(url, '.')+1:]
	if short, ok := map[string]string{
		"Cluster": "CDS", "Listener": "LDS", "ClusterLoadAssignment": "EDS", "RouteConfiguration": "RDS",
		"TypedExtensionConfig": "ECDS", "Secret": "SDS", "Address": "WADS", "Workload": "WDS", "Authorization": "WRDS",
		"NameTable": "NDS", "ProxyConfig": "PCDS",
	}[name]; ok {
		return short
	}
	return name
}

// TypesOf lists the types of all proxies: the four of every Envoy, then the others.
func TypesOf(proxies []Proxy) []string {
	out := []string{"CDS", "LDS", "EDS", "RDS"}
	var more []string
	for _, p := range proxies {
		for name := range p.Types {
			if !slices.Contains(out, name) && !slices.Contains(more, name) {
				more = append(more, name)
			}
		}
	}
	slices.Sort(more)
	return append(out, more...)
}
