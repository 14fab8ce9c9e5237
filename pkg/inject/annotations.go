package inject

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"istio.io/api/annotation"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshctl/meshctl/internal/istio"
)

// annotationCheck is the check for an annotation's value; nil if any will do.
func annotationCheck(name string) func(string) error {
	switch name {
	case annotation.SidecarInterceptionMode.Name:
		return checkInterceptionMode
	case annotation.SidecarStatusPort.Name:
		return checkPort
	case annotation.SidecarStatusReadinessInitialDelaySeconds.Name,
		annotation.SidecarStatusReadinessPeriodSeconds.Name,
		annotation.SidecarStatusReadinessFailureThreshold.Name:
		return checkCount
	case annotation.SidecarTrafficIncludeOutboundIPRanges.Name:
		return orAll(checkRanges)
	case annotation.SidecarTrafficExcludeOutboundIPRanges.Name:
		return checkRanges
	case annotation.SidecarTrafficIncludeInboundPorts.Name:
		return orAll(checkPorts)
	case annotation.SidecarTrafficExcludeInboundPorts.Name,
		annotation.SidecarTrafficExcludeOutboundPorts.Name:
		return checkPorts
	case annotation.SidecarTrafficExcludeInterfaces.Name,
		annotation.SidecarTrafficKubevirtInterfaces.Name,
		annotation.IoIstioRerouteVirtualInterfaces.Name:
		return checkInterfaces
	case annotation.PrometheusMergeMetrics.Name:
		return checkBool
	case annotation.ProxyConfig.Name:
		return checkProxyConfig
	case annotation.SidecarProxyCPU.Name, annotation.SidecarProxyCPULimit.Name,
		annotation.SidecarProxyMemory.Name, annotation.SidecarProxyMemoryLimit.Name:
		return checkQuantity
	}
	return nil
}

// checkAnnotations looks at the annotations that steer injection. Sorted, so
// that the same mistake always gives the same text.
func checkAnnotations(annotations map[string]string) error {
	var failures AnnotationErrors
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		check := annotationCheck(name)
		if check == nil {
			continue
		}
		if err := check(annotations[name]); err != nil {
			failures = append(failures, &AnnotationError{Name: name, Value: annotations[name], Err: err})
		}
	}
	if len(failures) == 0 {
		return nil
	}
	return failures
}

// AnnotationErrors are all that is wrong with a pod's annotations, in the
// order of their names.
type AnnotationErrors []*AnnotationError

// Error is all of them on one line.
func (e AnnotationErrors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// AnnotationError is a value that an annotation cannot have.
type AnnotationError struct {
	Name, Value string
	Err         error
}

// Error names the annotation, its value and what is wrong with it.
func (e *AnnotationError) Error() string {
	return fmt.Sprintf("annotation %s: value %q: %v", e.Name, e.Value, e.Err)
}

// Unwrap gives the check's own error.
func (e *AnnotationError) Unwrap() error { return e.Err }

func orAll(check func(string) error) func(string) error {
	return func(value string) error {
		if value == "*" {
			return nil
		}
		return check(value)
	}
}

func checkInterceptionMode(value string) error {
	switch value {
	case meshv1alpha1.ProxyConfig_REDIRECT.String(), meshv1alpha1.ProxyConfig_TPROXY.String(), "NONE":
		return nil
	}
	return errors.New("expected REDIRECT, TPROXY or NONE")
}

func checkPort(value string) error {
	if _, err := strconv.ParseUint(strings.TrimSpace(value), 10, 16); err != nil {
		return fmt.Errorf("%q is no port number (0 to 65535)", value)
	}
	return nil
}

func checkPorts(value string) error {
	if value = strings.TrimSpace(value); value == "" {
		return nil
	}
	for port := range strings.SplitSeq(value, ",") {
		if err := checkPort(port); err != nil {
			return err
		}
	}
	return nil
}

func checkCount(value string) error {
	if _, err := strconv.ParseUint(value, 10, 32); err != nil {
		return errors.New("expected a whole number that is not negative")
	}
	return nil
}

func checkBool(value string) error {
	if _, err := strconv.ParseBool(value); err != nil {
		return errors.New("expected true or false")
	}
	return nil
}

func checkRanges(value string) error {
	if value == "" {
		return nil
	}
	for cidr := range strings.SplitSeq(value, ",") {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			return fmt.Errorf("%q is no address range in CIDR form, such as 10.0.0.0/8", cidr)
		}
	}
	return nil
}

func checkInterfaces(value string) error {
	if value == "" {
		return nil
	}
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		if len(name) > 15 || !interfaceName.MatchString(name) {
			return fmt.Errorf("%q is no name of a network interface", name)
		}
	}
	return nil
}

func checkQuantity(value string) error {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return errors.New("expected a quantity, found control characters")
	}
	if _, err := resource.ParseQuantity(value); err != nil {
		return errors.New("expected a quantity such as 100m or 128Mi")
	}
	return nil
}

func checkProxyConfig(value string) error {
	config, err := istio.MergeProxyConfig(istio.DefaultProxyConfig(), []byte(value))
	if err != nil {
		return err
	}
	return istio.CheckProxyConfig(config)
}
