package kube

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshctl/meshctl/internal/resource"
)

// ServiceTarget is where a port of a Service leads to.
type ServiceTarget struct {
	Selector string // labels of the Service's pods
	Port     int    // the pods' port, 0 if PortName says it
	PortName string // name of the container port
}

// ServicePort looks up a Service's port by number or name; "" is its only one.
func (c *Cluster) ServicePort(ctx context.Context, namespace, name, port string) (ServiceTarget, error) {
	object, err := c.Get(ctx, serviceKind, namespace, name)
	if err != nil {
		return ServiceTarget{}, err
	}
	service, err := resource.As[corev1.Service](object)
	if err != nil {
		return ServiceTarget{}, err
	}
	if len(service.Spec.Selector) == 0 {
		return ServiceTarget{}, fmt.Errorf("service %s/%s selects no pods", namespace, name)
	}
	target := ServiceTarget{Selector: labels.SelectorFromSet(service.Spec.Selector).String()}
	var offered []string
	for _, p := range service.Spec.Ports {
		number := strconv.Itoa(int(p.Port))
		offered = append(offered, strings.TrimSuffix(number+" "+p.Name, " "))
		if port != number && port != p.Name && !(port == "" && len(service.Spec.Ports) == 1) {
			continue
		}
		switch {
		case p.TargetPort.Type == intstr.String:
			target.PortName = p.TargetPort.StrVal
		case p.TargetPort.IntVal != 0:
			target.Port = int(p.TargetPort.IntVal)
		default:
			target.Port = int(p.Port)
		}
		return target, nil
	}
	if port == "" {
		return target, fmt.Errorf("service %s/%s has several ports; choose one of %s", namespace, name, strings.Join(offered, ", "))
	}
	return target, fmt.Errorf("service %s/%s has no port %q, only %s", namespace, name, port, strings.Join(offered, ", "))
}
