package ztunnel

import (
	"encoding/json"
	"fmt"
)

// ambient is what istiod's /debug/ambientz tells: the workload API's messages
// in protobuf's JSON, with addresses as text inside of base64.
type ambient struct {
	Workloads []workload `json:"workloads"`
	Services  []service  `json:"services"`
	Policies  []policy   `json:"policies"`
}

// ip is an address; encoding/json takes the base64 off.
type ip []byte

type networkAddress struct {
	Network string `json:"network"`
	Address ip     `json:"address"`
}

func (a networkAddress) String() string { return a.Network + "/" + string(a.Address) }

type gateway struct {
	Hostname *struct {
		Namespace string `json:"namespace"`
		Hostname  string `json:"hostname"`
	} `json:"hostname"`
	Address *networkAddress `json:"address"`
	Port    int             `json:"hboneMtlsPort"`
}

type locality struct {
	Region  string `json:"region,omitempty"`
	Zone    string `json:"zone,omitempty"`
	Subzone string `json:"subzone,omitempty"`
}

type workload struct {
	UID                   string              `json:"uid"`
	Name                  string              `json:"name"`
	Namespace             string              `json:"namespace"`
	Addresses             []ip                `json:"addresses"`
	Hostname              string              `json:"hostname"`
	Network               string              `json:"network"`
	TunnelProtocol        string              `json:"tunnelProtocol"`
	TrustDomain           string              `json:"trustDomain"`
	ServiceAccount        string              `json:"serviceAccount"`
	Waypoint              *gateway            `json:"waypoint"`
	NetworkGateway        *gateway            `json:"networkGateway"`
	Node                  string              `json:"node"`
	CanonicalName         string              `json:"canonicalName"`
	CanonicalRevision     string              `json:"canonicalRevision"`
	WorkloadType          string              `json:"workloadType"`
	WorkloadName          string              `json:"workloadName"`
	NativeTunnel          bool                `json:"nativeTunnel"`
	ApplicationTunnel     *tunnel             `json:"applicationTunnel"`
	Services              map[string]portList `json:"services"`
	AuthorizationPolicies []string            `json:"authorizationPolicies"`
	Status                string              `json:"status"`
	ClusterID             string              `json:"clusterId"`
	Locality              locality            `json:"locality"`
	Capacity              int                 `json:"capacity"`
}

type tunnel struct {
	Protocol string `json:"protocol"`
	Port     int    `json:"port,omitempty"`
}

type portList struct {
	Ports []port `json:"ports"`
}

type port struct {
	Service int `json:"servicePort"`
	Target  int `json:"targetPort"`
}

type service struct {
	Name            string           `json:"name"`
	Namespace       string           `json:"namespace"`
	Hostname        string           `json:"hostname"`
	Addresses       []networkAddress `json:"addresses"`
	Ports           []port           `json:"ports"`
	SubjectAltNames []string         `json:"subjectAltNames"`
	Waypoint        *gateway         `json:"waypoint"`
	LoadBalancing   *struct {
		RoutingPreference []string `json:"routingPreference"`
		Mode              string   `json:"mode"`
		HealthPolicy      string   `json:"healthPolicy"`
	} `json:"loadBalancing"`
	IPFamilies string `json:"ipFamilies"`
	Canonical  bool   `json:"canonical"`
}

type policy struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Scope     string `json:"scope"`
	Action    string `json:"action"`
	Groups    []struct {
		Rules []struct {
			Matches []match `json:"matches"`
		} `json:"rules"`
	} `json:"groups"`
}

type match struct {
	Namespaces          []stringMatch    `json:"namespaces"`
	NotNamespaces       []stringMatch    `json:"notNamespaces"`
	ServiceAccounts     []serviceAccount `json:"serviceAccounts"`
	NotServiceAccounts  []serviceAccount `json:"notServiceAccounts"`
	Principals          []stringMatch    `json:"principals"`
	NotPrincipals       []stringMatch    `json:"notPrincipals"`
	SourceIPs           []prefix         `json:"sourceIps"`
	NotSourceIPs        []prefix         `json:"notSourceIps"`
	DestinationIPs      []prefix         `json:"destinationIps"`
	NotDestinationIPs   []prefix         `json:"notDestinationIps"`
	DestinationPorts    []int            `json:"destinationPorts"`
	NotDestinationPorts []int            `json:"notDestinationPorts"`
}

type serviceAccount struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
}

type stringMatch struct {
	Exact    string          `json:"exact"`
	Prefix   string          `json:"prefix"`
	Suffix   string          `json:"suffix"`
	Presence json.RawMessage `json:"presence"`
}

// prefix is an address with the number of bits that count. Policies keep their
// addresses as bytes.
type prefix struct {
	Address []byte `json:"address"`
	Length  int    `json:"length"`
}

func parse(answer []byte) (*ambient, error) {
	state := &ambient{}
	if err := json.Unmarshal(answer, state); err != nil {
		return nil, fmt.Errorf("reading istiod's ambient state: %w", err)
	}
	return state, nil
}
