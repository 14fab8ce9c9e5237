package inject

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	// unknown are the fields of the text that object has no room for.
	unknown []unknownField
}

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
	faults, err := strictjson.UnmarshalStrict(text, object)
	if err != nil {
		// Its errors are of a type that cannot be named; encoding/json fails for the same reason.
		return nil, typeError(cmp.Or(json.Unmarshal(text, newObject(kind)), err), text, nil)
	}
	meta, spec := podIn(object, jobs)
	if meta == nil {
		return nil, nil
	}
	w := &workload{object: object, meta: meta, spec: spec, unknown: unknownFields(text, "", faults)}
	w.owner = Owner{Namespace: object.GetNamespace(), Name: object.GetName()}
	w.owner.APIVersion, w.owner.Kind = kind.ToAPIVersionAndKind()
	if pod, ok := object.(*corev1.Pod); ok {
		w.owner = podOwner(pod)
	}
	return w, nil
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

// result is the object with its changed pod, to be encoded. Unknown fields are
// in it; lost names those that have no place any more.
func (w *workload) result() (object any, lost []string, err error) {
	if len(w.unknown) == 0 {
		return w.object, nil, nil
	}
	m, err := asMap(w.object)
	if err != nil {
		return nil, nil, err
	}
	for _, field := range w.unknown {
		if !field.putInto(m) {
			lost = append(lost, "unknown field "+strconv.Quote(field.path))
		}
	}
	return m, lost, nil
}

// unknownIn says where in the input the unknown fields are.
func (w *workload) unknownIn(o *resource.Object) []Field {
	var fields []Field
	for _, field := range w.unknown {
		fields = append(fields, Field{field.path, o.FieldOrigin(field.place()).Line})
	}
	return fields
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
