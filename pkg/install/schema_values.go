package install

import (
	_ "embed"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// valuesTable lists the Helm values that Istio 1.31 documents, one field a
// line: "name type", or a name with further fields indented below. It is made
// from values_types.proto of the charts' module; TestValuesTable compares.
//
//go:embed values.schema
var valuesTable string

// valuesFields reads the table.
func valuesFields() map[string]*fieldSchema {
	lines := strings.Split(strings.TrimSuffix(valuesTable, "\n"), "\n")
	fields, _ := tableFields(lines, 0, "")
	return fields
}

// tableFields reads the lines at a depth; it returns the number of lines read.
func tableFields(lines []string, depth int, path string) (map[string]*fieldSchema, int) {
	fields := map[string]*fieldSchema{}
	n := 0
	for n < len(lines) {
		indent := len(lines[n]) - len(strings.TrimLeft(lines[n], " "))
		if indent < 2*depth {
			break
		}
		names, kind, _ := strings.Cut(strings.TrimSpace(lines[n]), " ")
		n++
		first, _, _ := strings.Cut(names, ",")
		at := path + "." + first
		var s *fieldSchema
		if kind == "{" || kind == "[{" {
			inner, read := tableFields(lines[n:], depth+1, at)
			n += read
			if s = object(inner); kind == "[{" {
				s = listOf(s)
			}
		} else {
			s = tableType(kind, strings.TrimPrefix(at, "."))
		}
		for _, name := range strings.Split(names, ",") {
			fields[name] = s
		}
	}
	return fields, n
}

func tableType(kind, path string) *fieldSchema {
	if t := kubernetesType(path); t != nil {
		return schemaOf(t)
	}
	if inner, ok := strings.CutPrefix(kind, "[]"); ok {
		return listOf(tableType(inner, ""))
	}
	if path == "meshConfig" {
		return meshConfigSchema()
	}
	switch kind {
	case "string":
		return scalar(kindString)
	case "bool":
		return scalar(kindBool)
	case "int":
		return &fieldSchema{kind: kindInteger, proto: true}
	case "number":
		return &fieldSchema{kind: kindNumber, proto: true}
	case "intorstring":
		return scalar(kindIntOrString)
	case "duration":
		return scalar(kindDuration)
	case "quantities":
		return mapOf(scalar(kindQuantity))
	case "strings":
		return mapOf(scalar(kindString))
	case "map":
		return mapOf(scalar(kindAny))
	}
	if names, ok := strings.CutPrefix(kind, "enum:"); ok {
		return &fieldSchema{kind: kindEnum, names: strings.Split(names, "|")}
	}
	return scalar(kindAny)
}

// kubernetesType names the values that the table calls free-form, but which end
// up in a typed place of a pod.
func kubernetesType(path string) reflect.Type {
	switch path {
	case "cni.affinity", "pilot.affinity", "global.waypoint.affinity":
		return reflect.TypeFor[corev1.Affinity]()
	case "cni.seccompProfile", "pilot.seccompProfile", "global.proxy.seccompProfile":
		return reflect.TypeFor[corev1.SeccompProfile]()
	case "global.proxy.lifecycle":
		return reflect.TypeFor[corev1.Lifecycle]()
	case "pilot.tolerations", "global.defaultTolerations", "global.waypoint.toleration",
		"gateways.istio-ingressgateway.tolerations", "gateways.istio-egressgateway.tolerations":
		return reflect.TypeFor[[]corev1.Toleration]()
	case "pilot.topologySpreadConstraints", "global.waypoint.topologySpreadConstraints":
		return reflect.TypeFor[[]corev1.TopologySpreadConstraint]()
	case "pilot.volumes":
		return reflect.TypeFor[[]corev1.Volume]()
	case "pilot.volumeMounts":
		return reflect.TypeFor[[]corev1.VolumeMount]()
	case "sidecarInjectorWebhook.neverInjectSelector", "sidecarInjectorWebhook.alwaysInjectSelector":
		return reflect.TypeFor[[]metav1.LabelSelector]()
	}
	return nil
}
