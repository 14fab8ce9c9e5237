package install

import (
	"reflect"

	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// operatorSchema describes an IstioOperator document. The fields are those of
// IstioOperatorSpec in Istio 1.31.
func operatorSchema() *fieldSchema {
	return object(map[string]*fieldSchema{
		"apiVersion": scalar(kindString),
		"kind":       scalar(kindString),
		"metadata":   schemaOf(reflect.TypeFor[metav1.ObjectMeta]()),
		"status":     scalar(kindAny), // of a document saved from a cluster
		"spec": object(map[string]*fieldSchema{
			"profile":              scalar(kindString),
			"installPackagePath":   scalar(kindString),
			"hub":                  scalar(kindString),
			"tag":                  scalar(kindAny),
			"namespace":            scalar(kindString),
			"revision":             scalar(kindString),
			"compatibilityVersion": scalar(kindString),
			"meshConfig":           meshConfigSchema(),
			"components":           componentsSchema(),
			"values":               {kind: kindObject, fields: valuesFields},
			"unvalidatedValues":    scalar(kindAny),
		}),
	})
}

func meshConfigSchema() *fieldSchema {
	return schemaOfMessage((&meshv1alpha1.MeshConfig{}).ProtoReflect().Descriptor())
}

func componentsSchema() *fieldSchema {
	k8s := &fieldSchema{kind: kindObject, fields: kubernetesFields}
	single := map[string]*fieldSchema{
		"enabled":   scalar(kindBool),
		"namespace": scalar(kindString),
		"hub":       scalar(kindString),
		"tag":       scalar(kindAny),
		"k8s":       k8s,
	}
	gateway := map[string]*fieldSchema{
		"name":  scalar(kindString),
		"label": mapOf(scalar(kindString)),
	}
	for name, s := range single {
		gateway[name] = s
	}
	return object(map[string]*fieldSchema{
		"base":            object(map[string]*fieldSchema{"enabled": scalar(kindBool), "k8s": k8s}),
		"pilot":           object(single),
		"cni":             object(single),
		"ztunnel":         object(single),
		"istiodRemote":    object(single),
		"ingressGateways": listOf(object(gateway)),
		"egressGateways":  listOf(object(gateway)),
	})
}

// kubernetesFields are the settings below components.*.k8s.
func kubernetesFields() map[string]*fieldSchema {
	text := scalar(kindString)
	return map[string]*fieldSchema{
		"affinity":            schemaOf(reflect.TypeFor[corev1.Affinity]()),
		"env":                 schemaOf(reflect.TypeFor[[]corev1.EnvVar]()),
		"hpaSpec":             schemaOf(reflect.TypeFor[autoscalingv2.HorizontalPodAutoscalerSpec]()),
		"imagePullPolicy":     text,
		"nodeSelector":        mapOf(text),
		"podDisruptionBudget": schemaOf(reflect.TypeFor[policyv1.PodDisruptionBudgetSpec]()),
		"podAnnotations":      mapOf(text),
		"priorityClassName":   text,
		"readinessProbe":      schemaOf(reflect.TypeFor[corev1.Probe]()),
		"replicaCount":        scalar(kindInteger),
		"resources":           schemaOf(reflect.TypeFor[corev1.ResourceRequirements]()),
		"service":             schemaOf(reflect.TypeFor[corev1.ServiceSpec]()),
		"strategy":            schemaOf(reflect.TypeFor[appsv1.DeploymentStrategy]()),
		"tolerations":         schemaOf(reflect.TypeFor[[]corev1.Toleration]()),
		"serviceAnnotations":  mapOf(text),
		"securityContext":     schemaOf(reflect.TypeFor[corev1.PodSecurityContext]()),
		"volumes":             schemaOf(reflect.TypeFor[[]corev1.Volume]()),
		"volumeMounts":        schemaOf(reflect.TypeFor[[]corev1.VolumeMount]()),
		"overlays": listOf(object(map[string]*fieldSchema{
			"apiVersion": text,
			"kind":       text,
			"name":       text,
			"patches": listOf(object(map[string]*fieldSchema{
				"path":  text,
				"value": scalar(kindAny),
			})),
		})),
	}
}
