package ztunnel

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// object is JSON as ztunnel prints it.
type object = map[string]any

// dump returns the answer of /config_dump: istiod's messages in ztunnel's form.
func (z *ZTunnel) dump(state *ambient, certificates []object) object {
	workloads, services, policies := []object{}, []object{}, []object{}
	for _, w := range state.Workloads {
		workloads = append(workloads, w.dump())
	}
	for _, s := range state.Services {
		services = append(services, s.dump(state.Workloads))
	}
	for _, p := range state.Policies {
		policies = append(policies, p.dump())
	}
	workloadState := object{}
	for _, w := range z.local(state) {
		workloadState[w.UID] = object{
			"state":       "Up",
			"connections": object{"inbound": []any{}, "outbound": []any{}},
			"info":        object{"name": w.Name, "namespace": w.Namespace, "trustDomain": "", "serviceAccount": w.ServiceAccount},
		}
	}
	return object{
		"workloads": workloads, "services": services, "policies": policies, "stagedServices": object{},
		"certificates": certificates, "workloadState": workloadState,
		"version": object{"version": "simulated", "gitRevision": "", "buildStatus": "Clean", "gitTag": z.config.Version, "istioVersion": z.config.Version},
		"config":  object{"proxyMode": "Shared", "localNode": z.config.Node, "xdsAddress": z.config.XDSAddress, "clusterId": "Kubernetes"},
	}
}

// local returns the workloads that this ztunnel would capture.
func (z *ZTunnel) local(state *ambient) []workload {
	var local []workload
	for _, w := range state.Workloads {
		if w.Node == z.config.Node && w.TunnelProtocol == "HBONE" && !w.NativeTunnel {
			local = append(local, w)
		}
	}
	return local
}

func (w workload) dump() object {
	o := object{
		"uid": w.UID, "workloadIps": texts(w.Addresses), "protocol": cmp.Or(w.TunnelProtocol, "TCP"),
		"name": w.Name, "namespace": w.Namespace, "serviceAccount": cmp.Or(w.ServiceAccount, "default"),
		"workloadName": w.WorkloadName, "workloadType": strings.ToLower(cmp.Or(w.WorkloadType, "DEPLOYMENT")),
		"canonicalName": w.CanonicalName, "canonicalRevision": w.CanonicalRevision,
		"clusterId": w.ClusterID, "locality": w.Locality, "node": w.Node, "network": w.Network,
		"status": title(cmp.Or(w.Status, "HEALTHY")), "hostname": w.Hostname, "capacity": max(1, w.Capacity),
		"trustDomain": cmp.Or(w.TrustDomain, "cluster.local"), "applicationTunnel": object{"protocol": "NONE"},
	}
	if w.NativeTunnel {
		o["nativeTunnel"] = true
	}
	if w.ApplicationTunnel != nil {
		o["applicationTunnel"] = w.ApplicationTunnel
	}
	if len(w.Services) > 0 {
		names := []string{}
		for name := range w.Services {
			names = append(names, name)
		}
		slices.Sort(names)
		o["services"] = names
	}
	if len(w.AuthorizationPolicies) > 0 {
		o["authorizationPolicies"] = w.AuthorizationPolicies
	}
	setGateway(o, "waypoint", w.Waypoint)
	setGateway(o, "networkGateway", w.NetworkGateway)
	return o
}

func (s service) dump(workloads []workload) object {
	vips, ports, endpoints := []string{}, object{}, object{}
	for _, a := range s.Addresses {
		vips = append(vips, a.String())
	}
	for _, p := range s.Ports {
		ports[strconv.Itoa(p.Service)] = p.Target
	}
	key := s.Namespace + "/" + s.Hostname
	for _, w := range workloads {
		list, belongs := w.Services[key]
		if !belongs {
			continue
		}
		targets := object{}
		for _, p := range list.Ports {
			targets[strconv.Itoa(p.Service)] = p.Target
		}
		endpoints[w.UID] = object{"workloadUid": w.UID, "service": "", "port": targets, "status": title(cmp.Or(w.Status, "HEALTHY"))}
	}
	o := object{
		"name": s.Name, "namespace": s.Namespace, "hostname": s.Hostname, "vips": vips, "ports": ports, "endpoints": endpoints,
		"subjectAltNames": append([]string{}, s.SubjectAltNames...), "canonical": s.Canonical,
		"ipFamilies": map[string]string{"IPV4_ONLY": "IPv4", "IPV6_ONLY": "IPv6", "DUAL": "Dual"}[s.IPFamilies],
	}
	if lb := s.LoadBalancing; lb != nil {
		o["loadBalancer"] = object{
			"mode": title(cmp.Or(lb.Mode, "STANDARD")), "routingPreferences": titles(lb.RoutingPreference),
			"healthPolicy": map[string]string{"": "OnlyHealthy", "ONLY_HEALTHY": "OnlyHealthy", "ALLOW_ALL": "AllowAll"}[lb.HealthPolicy],
		}
	}
	setGateway(o, "waypoint", s.Waypoint)
	return o
}

func (p policy) dump() object {
	rules := []any{}
	for _, group := range p.Groups {
		either := []any{}
		for _, rule := range group.Rules {
			all := []any{}
			for _, m := range rule.Matches {
				all = append(all, m.dump())
			}
			either = append(either, all)
		}
		rules = append(rules, either)
	}
	return object{
		"name": p.Name, "namespace": p.Namespace, "rules": rules,
		"scope":  map[string]string{"": "Global", "GLOBAL": "Global", "NAMESPACE": "Namespace", "WORKLOAD_SELECTOR": "WorkloadSelector"}[p.Scope],
		"action": title(cmp.Or(p.Action, "ALLOW")),
	}
}

func (m match) dump() object {
	o := object{}
	for name, list := range map[string][]stringMatch{"namespaces": m.Namespaces, "notNamespaces": m.NotNamespaces, "principals": m.Principals, "notPrincipals": m.NotPrincipals} {
		var out []any
		for _, s := range list {
			switch {
			case s.Exact != "":
				out = append(out, object{"Exact": s.Exact})
			case s.Prefix != "":
				out = append(out, object{"Prefix": s.Prefix})
			case s.Suffix != "":
				out = append(out, object{"Suffix": s.Suffix})
			default:
				out = append(out, object{"Presence": nil})
			}
		}
		if out != nil {
			o[name] = out
		}
	}
	for name, list := range map[string][]prefix{"sourceIps": m.SourceIPs, "notSourceIps": m.NotSourceIPs, "destinationIps": m.DestinationIPs, "notDestinationIps": m.NotDestinationIPs} {
		var out []string
		for _, p := range list {
			if address, ok := netip.AddrFromSlice(p.Address); ok {
				out = append(out, fmt.Sprintf("%s/%d", address, p.Length))
			}
		}
		if out != nil {
			o[name] = out
		}
	}
	for name, list := range map[string][]int{"destinationPorts": m.DestinationPorts, "notDestinationPorts": m.NotDestinationPorts} {
		if list != nil {
			o[name] = list
		}
	}
	for name, list := range map[string][]serviceAccount{"serviceAccounts": m.ServiceAccounts, "notServiceAccounts": m.NotServiceAccounts} {
		if list != nil {
			o[name] = list
		}
	}
	return o
}

func setGateway(o object, field string, g *gateway) {
	switch {
	case g == nil:
	case g.Hostname != nil:
		o[field] = object{"destination": g.Hostname.Namespace + "/" + g.Hostname.Hostname, "hboneMtlsPort": g.Port}
	case g.Address != nil:
		o[field] = object{"destination": g.Address.String(), "hboneMtlsPort": g.Port}
	}
}

// title turns HEALTHY into Healthy.
func title(name string) string {
	return name[:1] + strings.ToLower(name[1:])
}

func titles(names []string) []string {
	out := []string{}
	for _, name := range names {
		out = append(out, title(name))
	}
	return out
}

func texts(addresses []ip) []string {
	out := []string{}
	for _, a := range addresses {
		out = append(out, string(a))
	}
	return out
}
