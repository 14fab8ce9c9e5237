package analyze

import "k8s.io/apimachinery/pkg/util/intstr"

// The types here name the few parts of Kubernetes' objects that analyzers
// read, so that nothing else has to be decoded.

type serviceSpec struct {
	Type      string            `json:"type"`
	ClusterIP string            `json:"clusterIP"`
	Selector  map[string]string `json:"selector"`
	Ports     []servicePort     `json:"ports"`
}

type servicePort struct {
	Name        string             `json:"name"`
	Port        int32              `json:"port"`
	TargetPort  intstr.IntOrString `json:"targetPort"`
	Protocol    string             `json:"protocol"`
	AppProtocol *string            `json:"appProtocol"`
}

// transport is the port's protocol with the API server's default.
func (p servicePort) transport() string {
	if p.Protocol == "" {
		return "TCP"
	}
	return p.Protocol
}

// target is the port of the pod, a number or a name, with the API server's default.
func (p servicePort) target() intstr.IntOrString {
	if p.TargetPort.Type == intstr.Int && p.TargetPort.IntVal == 0 || p.TargetPort.Type == intstr.String && p.TargetPort.StrVal == "" {
		return intstr.FromInt32(p.Port)
	}
	return p.TargetPort
}

type podSpec struct {
	NodeName        string          `json:"nodeName"`
	HostNetwork     bool            `json:"hostNetwork"`
	SecurityContext securityContext `json:"securityContext"`
	InitContainers  []container     `json:"initContainers"`
	Containers      []container     `json:"containers"`
}

type securityContext struct {
	RunAsUser *int64 `json:"runAsUser"`
}

type container struct {
	Name            string          `json:"name"`
	Image           string          `json:"image"`
	Args            []string        `json:"args"`
	SecurityContext securityContext `json:"securityContext"`
	Env             []envVar        `json:"env"`
	Ports           []containerPort `json:"ports"`
}

type containerPort struct {
	Name          string `json:"name"`
	ContainerPort int32  `json:"containerPort"`
}

type envVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// proxyImage is the image of the pod's sidecar, or "" if it has none.
func (s podSpec) proxyImage() string {
	for _, list := range [][]container{s.Containers, s.InitContainers} {
		for _, c := range list {
			if c.Name == "istio-proxy" {
				return c.Image
			}
		}
	}
	return ""
}

// controllerSpec is what all kinds that make pods from a template have in common.
type controllerSpec struct {
	Template struct {
		Metadata struct {
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
		Spec podSpec `json:"spec"`
	} `json:"template"`
}
