package inject

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	strictjson "sigs.k8s.io/json"

	"github.com/meshctl/meshctl/internal/resource"
)

// workload is an object with a pod in it, or a template for pods.
type workload struct {
	object any // the whole object, to be encoded after a change
	owner  Owner
	meta   *metav1.ObjectMeta // of the pods
	spec   *corev1.PodSpec
	// store writes meta and spec back into objects that are no Go types; nil for the others.
	store func() error
	// lost names the fields of the text that object has no room for.
	lost []string
}

// The kinds that are injected but have no Go types among this module's
// dependencies.
const (
	openShiftApps = "apps.openshift.io"
	argo          = "argoproj.io"
)

// newObject makes the Go object for a kind; nil for kinds without pods.
func newObject(kind schema.GroupVersionKind) metav1.Object {
	switch kind {
	case corev1.SchemeGroupVersion.WithKind("Pod"):
		return &corev1.Pod{}
	case corev1.SchemeGroupVersion.WithKind("ReplicationController"):
		return &corev1.ReplicationController{}
	case appsv1.SchemeGroupVersion.WithKind("Deployment"):
		return &appsv1.Deployment{}
	case appsv1.SchemeGroupVersion.WithKind("ReplicaSet"):
		return &appsv1.ReplicaSet{}
	case appsv1.SchemeGroupVersion.WithKind("StatefulSet"):
		return &appsv1.StatefulSet{}
	case appsv1.SchemeGroupVersion.WithKind("DaemonSet"):
		return &appsv1.DaemonSet{}
	case batchv1.SchemeGroupVersion.WithKind("Job"):
		return &batchv1.Job{}
	case batchv1.SchemeGroupVersion.WithKind("CronJob"):
		return &batchv1.CronJob{}
	}
	return nil
}

// podIn finds the pod, or the template for pods, in an object. jobs says that
// the labels and annotations of a CronJob's pods are read and written in the
// metadata of its Jobs, as kube-inject does; the pods themselves then have none.
func podIn(object metav1.Object, jobs bool) (*metav1.ObjectMeta, *corev1.PodSpec) {
	var template *corev1.PodTemplateSpec
	switch o := object.(type) {
	case *corev1.Pod:
		return &o.ObjectMeta, &o.Spec
	case *batchv1.CronJob:
		template = &o.Spec.JobTemplate.Spec.Template
		if jobs {
			return &o.Spec.JobTemplate.ObjectMeta, &template.Spec
		}
	case *corev1.ReplicationController:
		template = o.Spec.Template
	case *appsv1.Deployment:
		template = &o.Spec.Template
	case *appsv1.ReplicaSet:
		template = &o.Spec.Template
	case *appsv1.StatefulSet:
		template = &o.Spec.Template
	case *appsv1.DaemonSet:
		template = &o.Spec.Template
	case *batchv1.Job:
		template = &o.Spec.Template
	}
	if template == nil {
		return nil, nil
	}
	return &template.ObjectMeta, &template.Spec
}

// readWorkload reads an object. It gives nil for kinds that hold no pods and
// for objects that leave their pods to another object. For jobs see podIn.
func readWorkload(kind schema.GroupVersionKind, text []byte, jobs bool) (*workload, error) {
	if isUntyped(kind) {
		return readUntyped(kind, text)
	}
	object := newObject(kind)
	if object == nil {
		return nil, nil
	}
	lost, err := strictjson.UnmarshalStrict(text, object)
	if err != nil {
		// Its errors are of a type that cannot be named; encoding/json fails for the same reason.
		return nil, typeError(cmp.Or(json.Unmarshal(text, newObject(kind)), err))
	}
	meta, spec := podIn(object, jobs)
	if meta == nil {
		return nil, nil
	}
	w := &workload{object: object, meta: meta, spec: spec}
	for _, field := range lost {
		w.lost = append(w.lost, field.Error())
	}
	w.owner = Owner{Namespace: object.GetNamespace(), Name: object.GetName()}
	w.owner.APIVersion, w.owner.Kind = kind.ToAPIVersionAndKind()
	if pod, ok := object.(*corev1.Pod); ok {
		w.owner = podOwner(pod)
	}
	return w, nil
}

// typeError says in the words of YAML that a field has the wrong type.
func typeError(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) || wrong.Type == nil {
		return err
	}
	return fmt.Errorf("%s: expected %s, got a %s", wrong.Field, wantedType(wrong.Type.Kind()), wrong.Value)
}

func wantedType(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct, reflect.Pointer:
		return "a mapping"
	}
	return "a number"
}

// isUntyped says whether a kind is injected without a Go type of its own.
// DeploymentConfigs of OpenShift 3 are in the core group.
func isUntyped(kind schema.GroupVersionKind) bool {
	switch kind.Kind {
	case "DeploymentConfig":
		return kind.Group == openShiftApps || kind.Group == ""
	case "Rollout":
		return kind.Group == argo
	}
	return false
}

// readUntyped reads an object of which only the pod template matters.
func readUntyped(kind schema.GroupVersionKind, text []byte) (*workload, error) {
	var object map[string]any
	var header struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     struct {
			Template *corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if err := utiljson.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("reading %s: %w", kind.Kind, err)
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, typeError(err)
	}
	template := header.Spec.Template
	if template == nil {
		return nil, nil
	}
	w := &workload{object: object, meta: &template.ObjectMeta, spec: &template.Spec}
	w.owner = Owner{Namespace: header.Metadata.Namespace, Name: header.Metadata.Name}
	w.owner.APIVersion, w.owner.Kind = kind.ToAPIVersionAndKind()
	w.store = func() error {
		m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(template)
		if err != nil {
			return fmt.Errorf("writing the pod template of %s: %w", kind.Kind, err)
		}
		spec := object["spec"].(map[string]any)
		spec["template"] = m
		if kind.Kind == "DeploymentConfig" {
			deploymentConfigDefaults(object, spec)
		}
		return nil
	}
	return w, nil
}

// deploymentConfigDefaults adds the fields that OpenShift's own types always
// write, as encoding a Go type does for all other kinds.
func deploymentConfigDefaults(object, spec map[string]any) {
	setDefault(spec, "strategy", map[string]any{})
	setDefault(spec, "test", false)
	setDefault(spec, "triggers", nil)
	setDefault(spec, "replicas", int64(0))
	if strategy, ok := spec["strategy"].(map[string]any); ok {
		setDefault(strategy, "resources", map[string]any{})
	}
	for _, zero := range []string{"paused", "minReadySeconds"} {
		if v := spec[zero]; v == false || v == int64(0) {
			delete(spec, zero)
		}
	}
	setDefault(object, "status", map[string]any{})
	if status, ok := object["status"].(map[string]any); ok {
		for _, field := range []string{
			"availableReplicas", "latestVersion", "observedGeneration", "replicas", "unavailableReplicas", "updatedReplicas",
		} {
			setDefault(status, field, int64(0))
		}
	}
}

func setDefault(m map[string]any, key string, value any) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}

func (w *workload) pod() *corev1.Pod {
	return &corev1.Pod{ObjectMeta: *w.meta, Spec: *w.spec}
}

func (w *workload) setPod(pod *corev1.Pod) error {
	*w.meta, *w.spec = pod.ObjectMeta, pod.Spec
	if w.store != nil {
		return w.store()
	}
	return nil
}

// scheduledJob is the name that a CronJob gives its Jobs.
var scheduledJob = regexp.MustCompile(`^(.+)-\d{8,10}$`)

// podOwner finds the workload behind a pod from the pod alone, as istiod has
// to: by the controller's name and the labels that controllers set.
func podOwner(pod *corev1.Pod) Owner {
	owner := Owner{Namespace: pod.Namespace, Name: pod.Name}
	owner.APIVersion, owner.Kind = "v1", "Pod"
	controller := metav1.GetControllerOf(pod)
	if pod.GenerateName == "" || controller == nil {
		return owner
	}
	owner.APIVersion, owner.Kind, owner.Name = controller.APIVersion, controller.Kind, controller.Name
	trim := func(label string) (string, bool) {
		hash := pod.Labels[label]
		if hash == "" || !strings.HasSuffix(controller.Name, hash) {
			return "", false
		}
		return strings.TrimSuffix(controller.Name, "-"+hash), true
	}
	switch controller.Kind {
	case "ReplicaSet":
		if name, ok := trim("pod-template-hash"); ok {
			owner.Kind, owner.Name = "Deployment", name
		} else if name, ok := trim("rollouts-pod-template-hash"); ok {
			owner.APIVersion, owner.Kind, owner.Name = "v1alpha1", "Rollout", name
		}
	case "ReplicationController":
		if name := pod.Labels["deploymentconfig"]; name != "" {
			owner.Kind, owner.Name = "DeploymentConfig", name
		}
	case "Job":
		if m := scheduledJob.FindStringSubmatch(controller.Name); m != nil {
			owner.APIVersion, owner.Kind, owner.Name = "batch/v1", "CronJob", m[1]
		}
	}
	return owner
}

// PodsIn are the pods that the workloads among objects would have, named like
// the workloads.
func PodsIn(objects []*resource.Object) ([]*corev1.Pod, error) {
	var pods []*corev1.Pod
	for _, o := range objects {
		w, err := readWorkload(schema.FromAPIVersionAndKind(o.APIVersion(), o.Kind), o.JSON, false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Origin, err)
		}
		if w == nil {
			continue
		}
		pod := w.pod()
		pod.Namespace = firstOf(pod.Namespace, w.owner.Namespace)
		pod.Name = firstOf(pod.Name, w.owner.Name)
		pods = append(pods, pod)
	}
	return pods, nil
}
