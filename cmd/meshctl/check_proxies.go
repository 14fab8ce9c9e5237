package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/pkg/install"
	"github.com/meshctl/meshctl/pkg/proxyconfig/status"
)

// proxyInspector asks istiods and proxies for package install.
type proxyInspector struct {
	e       *env
	cluster meshCluster
}

// SyncStates implements install.ProxyInspector.
func (p proxyInspector) SyncStates(ctx context.Context) (states []install.SyncState, complete bool, err error) {
	control, err := p.e.control(ctx, "")
	if err != nil {
		return nil, false, err
	}
	answers, err := control.AskAll(ctx, "/debug/syncz")
	if err != nil {
		return nil, false, err
	}
	complete = true
	answered := false
	for _, a := range answers {
		var proxies []status.Proxy
		if a.Err == nil {
			proxies, a.Err = status.Parse(a.Name(), a.Body)
		}
		if a.Err != nil {
			complete, err = false, a.Err
			continue
		}
		answered = true
		for _, proxy := range proxies {
			states = append(states, syncState(proxy))
		}
	}
	if answered {
		err = nil
	}
	return states, complete, err
}

func syncState(p status.Proxy) install.SyncState {
	s := install.SyncState{Proxy: p.Name, Rejected: map[string]string{}, Stale: map[string]time.Time{}}
	for name, t := range p.Types {
		switch t.State {
		case status.Error:
			s.Rejected[name] = t.Problem
		case status.Stale:
			s.Stale[name] = t.Since
		}
	}
	return s
}

// Certificates implements install.ProxyInspector.
func (p proxyInspector) Certificates(ctx context.Context, namespace, pod string) ([]install.ProxyCertificate, error) {
	data, err := p.cluster.GetFromPod(ctx, namespace, pod, envoy.Port, "/certs")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Certificates []struct {
			Chain []struct {
				Names []struct {
					URI string `json:"uri"`
				} `json:"subject_alt_names"`
				Serial  string    `json:"serial_number"`
				Expires time.Time `json:"expiration_time"`
			} `json:"cert_chain"`
		} `json:"certificates"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("reading what the proxy says of its certificates: %w", err)
	}
	var found []install.ProxyCertificate
	for _, c := range answer.Certificates {
		for _, link := range c.Chain {
			name := "serial " + link.Serial
			if len(link.Names) > 0 && link.Names[0].URI != "" {
				name = link.Names[0].URI
			}
			found = append(found, install.ProxyCertificate{Name: name, Expires: link.Expires})
		}
	}
	return found, nil
}
