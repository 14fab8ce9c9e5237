package ztunnel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

type workload struct {
	UID       string    `json:"uid"`
	Name      string    `json:"name"`
	Namespace string    `json:"namespace"`
	IPs       []string  `json:"workloadIps"`
	Hostname  string    `json:"hostname"`
	Node      string    `json:"node"`
	Waypoint  *waypoint `json:"waypoint"`
	Protocol  string    `json:"protocol"`
	Status    string    `json:"status"`
}

// waypoint names a waypoint: by network/address or by namespace/host.
type waypoint struct {
	Destination string `json:"destination"`
}

type service struct {
	Name      string              `json:"name"`
	Namespace string              `json:"namespace"`
	Hostname  string              `json:"hostname"`
	VIPs      []string            `json:"vips"`
	Waypoint  *waypoint           `json:"waypoint"`
	Endpoints map[string]endpoint `json:"endpoints"`
}

type endpoint struct {
	Workload string `json:"workloadUid"`
}

func workloads(d *Dump, f Filter) Report {
	shown := keep(d.Workloads, func(w workload) bool {
		return (f.Namespace == "" || strings.EqualFold(f.Namespace, w.Namespace)) &&
			(f.Node == "" || strings.EqualFold(f.Node, w.Node)) &&
			(f.Address == "" || strings.Contains(","+strings.Join(w.IPs, ",")+",", ","+f.Address+","))
	}, func(a, b workload) int {
		return cmp.Or(cmp.Compare(a.Namespace+"."+a.Name, b.Namespace+"."+b.Name), cmp.Compare(a.Node, b.Node))
	})
	r := Report{Columns: []string{"NAMESPACE", "POD NAME", "ADDRESS", "NODE", "WAYPOINT", "PROTOCOL"}, Data: raws(shown)}
	for _, i := range shown {
		w := i.value
		r.Rows = append(r.Rows, []string{w.Namespace, w.Name, cmp.Or(strings.Join(w.IPs, ","), w.Hostname), w.Node, d.waypointName(w.Waypoint), w.Protocol})
		r.Names = append(r.Names, "workload/"+w.Namespace+"/"+w.Name)
	}
	return r
}

// waypointName finds the service that is a waypoint by its address or host name.
func (d *Dump) waypointName(w *waypoint) string {
	if w == nil {
		return "None"
	}
	for _, s := range d.Services {
		if s.value.Namespace+"/"+s.value.Hostname == w.Destination || slices.Contains(s.value.VIPs, w.Destination) {
			return s.value.Name
		}
	}
	return "NA"
}

func services(d *Dump, f Filter) Report {
	healthy := map[string]bool{}
	for _, w := range d.Workloads {
		healthy[w.value.UID] = w.value.Status == "Healthy"
	}
	shown := keep(d.Services, func(s service) bool { return f.Namespace == "" || strings.EqualFold(f.Namespace, s.Namespace) },
		func(a, b service) int {
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Hostname, b.Hostname))
		})
	r := Report{Columns: []string{"NAMESPACE", "SERVICE NAME", "SERVICE VIP", "WAYPOINT", "ENDPOINTS"}, Data: raws(shown)}
	for _, i := range shown {
		s, good := i.value, 0
		var vips []string
		for _, vip := range s.VIPs {
			vips = append(vips, address(vip))
		}
		for _, e := range s.Endpoints {
			if healthy[e.Workload] {
				good++
			}
		}
		r.Rows = append(r.Rows, []string{s.Namespace, s.Name, strings.Join(vips, ","), d.waypointName(s.Waypoint), fmt.Sprintf("%d/%d", good, len(s.Endpoints))})
		r.Names = append(r.Names, "service/"+s.Namespace+"/"+s.Name)
	}
	return r
}

type policy struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Action    string `json:"action"`
	Scope     string `json:"scope"`
}

func policies(d *Dump, f Filter) Report {
	shown := keep(d.Policies, func(p policy) bool { return f.Namespace == "" || strings.EqualFold(f.Namespace, p.Namespace) },
		func(a, b policy) int {
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		})
	r := Report{Columns: []string{"NAMESPACE", "POLICY NAME", "ACTION", "SCOPE"}, Data: raws(shown)}
	for _, i := range shown {
		p := i.value
		r.Rows = append(r.Rows, []string{p.Namespace, p.Name, p.Action, p.Scope})
		r.Names = append(r.Names, "policy/"+p.Namespace+"/"+p.Name)
	}
	return r
}
