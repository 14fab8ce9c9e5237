package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) missing(at resource.FieldPath, why string) {
	c.problems = append(c.problems, Problem{Field: at, Message: "a value is required: " + why, Incomplete: true})
}

// metadata checks names and labels. A name that is to be generated is left alone.
func (c *checker) metadata(o *resource.Object) {
	at := resource.FieldPath{"metadata"}
	valid := validation.IsDNS1123Subdomain
	if o.Kind == "Namespace" || o.Kind == "Service" {
		valid = validation.IsDNS1123Label
	}
	if o.Name != "" && len(valid(o.Name)) > 0 {
		c.wrongf(at.Child("name"), "%q is no name: small letters, digits, dashes%s, and a letter or digit at both ends", o.Name,
			map[bool]string{true: " and dots"}[o.Kind != "Namespace" && o.Kind != "Service"])
	}
	for _, name := range slices.Sorted(maps.Keys(o.Labels)) {
		if value := o.Labels[name]; len(validation.IsValidLabelValue(value)) > 0 {
			c.wrongf(at.Child("labels", name), "%q cannot be a label's value: at most 63 letters, digits, dashes, underscores and dots", value)
		}
	}
}

// service holds the rules of ValidateService (k8s.io/kubernetes/pkg/apis/core/validation).
func (c *checker) service(object map[string]any) {
	spec, _ := object["spec"].(map[string]any)
	at := resource.FieldPath{"spec"}
	c.oneOf(at.Child("type"), spec["type"], "ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
	ports, _ := spec["ports"].([]any)
	external := spec["type"] == "ExternalName"
	switch {
	case external && text(spec, "externalName") == "":
		c.missing(at.Child("externalName"), "it is what a Service of type ExternalName is about")
	case !external && spec["clusterIP"] != "None" && len(ports) == 0:
		c.missing(at.Child("ports"), "a Service without ports leads nowhere")
	}
	names, sockets := map[string]bool{}, map[string]bool{}
	for i, item := range ports {
		port, _ := item.(map[string]any)
		here := at.Child("ports", resource.Index(i))
		c.oneOf(here.Child("protocol"), port["protocol"], "TCP", "UDP", "SCTP")
		if port["port"] == nil {
			c.missing(here.Child("port"), "the number of the port")
		} else {
			c.portNumber(here.Child("port"), port["port"])
		}
		if number, _ := whole(port["targetPort"]); number != 0 { // which means the same as none
			c.portNumber(here.Child("targetPort"), port["targetPort"])
		}
		name := text(port, "name")
		switch {
		case name == "" && len(ports) > 1:
			c.missing(here.Child("name"), "with several ports each needs a name")
		case name != "" && names[name]:
			c.wrongf(here.Child("name"), "another port has the name %q", name)
		}
		names[name] = true
		socket := fmt.Sprint(text(port, "protocol"), port["port"])
		if socket = strings.TrimPrefix(socket, "TCP"); port["port"] != nil && sockets[socket] {
			c.wrongf(here.Child("port"), "another port has the same number and protocol")
		}
		sockets[socket] = true
	}
}

// controller holds what the kinds that make pods from a template have in common.
func (c *checker) controller(object map[string]any) {
	spec, _ := object["spec"].(map[string]any)
	template, _ := spec["template"].(map[string]any)
	metadata, _ := template["metadata"].(map[string]any)
	selector, _ := spec["selector"].(map[string]any)
	wanted, _ := selector["matchLabels"].(map[string]any)
	expressions, _ := selector["matchExpressions"].([]any)
	labels, _ := metadata["labels"].(map[string]any)
	at := resource.FieldPath{"spec"}
	if len(wanted)+len(expressions) == 0 {
		c.missing(at.Child("selector"), "it has to select the pods of the template")
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if template != nil && labels[name] != wanted[name] {
			c.problems = append(c.problems, Problem{Field: at.Child("selector", "matchLabels", name), Incomplete: labels[name] == nil,
				Message: fmt.Sprintf("the pods of the template do not have the label %s=%v that the selector asks for", name, wanted[name])})
		}
	}
	c.pod(template, resource.FieldPath{"spec", "template"})
}

// pod checks a pod, or the template for one.
func (c *checker) pod(object map[string]any, at resource.FieldPath) {
	spec, _ := object["spec"].(map[string]any)
	containers, _ := spec["containers"].([]any)
	if len(containers) == 0 {
		c.missing(at.Child("spec", "containers"), "a pod without containers does not exist")
	}
	names := map[string]bool{}
	for _, list := range []string{"initContainers", "containers"} {
		items, _ := spec[list].([]any)
		for i, item := range items {
			container, _ := item.(map[string]any)
			here := at.Child("spec", list, resource.Index(i))
			name := text(container, "name")
			switch {
			case name == "":
				c.missing(here.Child("name"), "the name of the container")
			case names[name]:
				c.wrongf(here.Child("name"), "another container has the name %q", name)
			}
			names[name] = true
			if text(container, "image") == "" {
				c.missing(here.Child("image"), "the image of the container")
			}
			ports, _ := container["ports"].([]any)
			for j, item := range ports {
				port, _ := item.(map[string]any)
				c.portNumber(here.Child("ports", resource.Index(j), "containerPort"), port["containerPort"])
				c.oneOf(here.Child("ports", resource.Index(j), "protocol"), port["protocol"], "TCP", "UDP", "SCTP")
			}
		}
	}
}

func (c *checker) oneOf(at resource.FieldPath, v any, values ...string) {
	if value, _ := v.(string); v != nil && !slices.Contains(values, value) {
		c.wrongf(at, "the value %q does not exist; there are %s", value, strings.Join(values, ", "))
	}
}

// portNumber checks the number of a port; a name is left alone.
func (c *checker) portNumber(at resource.FieldPath, v any) {
	if number, ok := whole(v); ok && len(validation.IsValidPortNum(int(number))) > 0 {
		c.wrongf(at, "the port %d is not between 1 and 65535", number)
	}
}

func text(object map[string]any, field string) string {
	value, _ := object[field].(string)
	return value
}
