package inject

import (
	"bytes"
	"fmt"
	"strings"

	"istio.io/api/annotation"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// templateData is what a template sees. The names of the fields are a wire
// format: templates in clusters use them.
type templateData struct {
	TypeMeta                 metav1.TypeMeta
	DeploymentMeta           types.NamespacedName
	ObjectMeta               metav1.ObjectMeta
	Spec                     corev1.PodSpec
	ProxyConfig              *meshv1alpha1.ProxyConfig
	MeshConfig               *meshv1alpha1.MeshConfig
	Values                   map[string]any
	Revision                 string
	NativeSidecars           bool
	ProxyImage               string
	ProxyInitImage           string
	ProxyUID                 int64
	ProxyGID                 int64
	InboundTrafficPolicyMode string
	CompliancePolicy         string
}

func (i *Injector) templateData(pod *corev1.Pod, owner Owner, config proxySettings) *templateData {
	uid, gid := int64(defaultProxyID), int64(defaultProxyID)
	if i.options.Values.openShift() {
		uid, gid = proxyIDs(config.namespace.Annotations)
	}
	meta, revision := pod.ObjectMeta, i.options.Revision
	if !i.options.Explicit {
		// The webhook knows both; kube-inject leaves them empty.
		meta.Namespace, revision = owner.Namespace, revisionName(revision)
	}
	return &templateData{
		TypeMeta:                 owner.TypeMeta,
		DeploymentMeta:           types.NamespacedName{Namespace: owner.Namespace, Name: owner.Name},
		ObjectMeta:               meta,
		Spec:                     pod.Spec,
		ProxyConfig:              config.proxy,
		MeshConfig:               config.mesh,
		Values:                   i.options.Values.all,
		Revision:                 revision,
		NativeSidecars:           i.options.NativeSidecars,
		ProxyImage:               i.options.Values.proxyImage(config.proxy.GetImage().GetImageType(), pod.Annotations),
		ProxyInitImage:           i.options.Values.initImage(pod.Annotations),
		ProxyUID:                 uid,
		ProxyGID:                 gid,
		InboundTrafficPolicyMode: inboundMode(config.mesh),
		CompliancePolicy:         i.options.CompliancePolicy,
	}
}

func inboundMode(mesh *meshv1alpha1.MeshConfig) string {
	if mesh.GetInboundTrafficPolicy().GetMode() == meshv1alpha1.MeshConfig_InboundTrafficPolicy_LOCALHOST {
		return "localhost"
	}
	return "passthrough"
}

// templateNames are the templates for a pod, in the order in which they are
// laid over it.
func (i *Injector) templateNames(annotations map[string]string) []string {
	asked := i.options.Config.DefaultTemplates
	if list, ok := annotations[annotation.InjectTemplates.Name]; ok {
		asked = strings.Split(list, ",")
	}
	var names []string
	for _, name := range asked {
		name = strings.TrimSpace(name)
		if several, ok := i.options.Config.Aliases[name]; ok {
			names = append(names, several...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// execute runs one template.
func (i *Injector) execute(name string, data *templateData) (string, error) {
	t, err := i.template(name)
	if err != nil {
		return "", err
	}
	text, ok := i.rendered.Get().(*bytes.Buffer)
	if !ok {
		text = &bytes.Buffer{}
	}
	defer i.rendered.Put(text)
	text.Reset()
	if err := t.Execute(text, data); err != nil {
		return "", fmt.Errorf("running injection template %q: %w", name, err)
	}
	return text.String(), nil
}

// render runs one template and reads its output as a part of a pod.
func (i *Injector) render(name string, data *templateData) (podMap, error) {
	text, err := i.execute(name, data)
	if err != nil {
		return nil, err
	}
	part, err := parsePart(text)
	if err != nil {
		return nil, fmt.Errorf("reading the output of injection template %q: %w", name, err)
	}
	return part, nil
}
