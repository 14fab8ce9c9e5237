package addons

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// as decodes the objects of a kind, and knows all of their fields.
func as[T any](t *testing.T, objects []Object, kind string) []T {
	t.Helper()
	var all []T
	for _, o := range objects {
		if o.Content["kind"] != kind {
			continue
		}
		data, err := yaml.Marshal(o.Content)
		if err != nil {
			t.Fatal(err)
		}
		var value T
		if err := yaml.UnmarshalStrict(data, &value); err != nil {
			t.Errorf("%v: %v", o.Content["metadata"], err)
		}
		all = append(all, value)
	}
	return all
}

var pinned = regexp.MustCompile(`^[a-z.]+/[a-z/]+:v?\d+\.\d+\.\d+$`)

func TestContainersAreConfined(t *testing.T) {
	deployments := as[appsv1.Deployment](t, render(t, everything()), "Deployment")
	if len(deployments) != len(Names()) {
		t.Fatalf("%d deployments", len(deployments))
	}
	for _, d := range deployments {
		pod := d.Spec.Template.Spec
		s := pod.SecurityContext
		if s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || *s.RunAsUser == 0 || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: the pod may be root, or call what it likes: %+v", d.Name, s)
		}
		for _, c := range pod.Containers {
			if !pinned.MatchString(c.Image) {
				t.Errorf("%s: image %s is not pinned to a version", d.Name, c.Image)
			}
			r := c.Resources
			if r.Requests.Cpu().IsZero() || r.Requests.Memory().IsZero() || r.Limits.Memory().IsZero() {
				t.Errorf("%s: resources %+v", d.Name, r)
			}
			s := c.SecurityContext
			if s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !slices.Contains(s.Capabilities.Drop, "ALL") {
				t.Errorf("%s: security context %+v", d.Name, s)
			}
			if c.ReadinessProbe == nil || c.LivenessProbe == nil {
				t.Errorf("%s: it is not probed", d.Name)
			}
		}
		if l := d.Spec.Template.Labels; l["sidecar.istio.io/inject"] != "false" || l["istio.io/dataplane-mode"] != "none" {
			t.Errorf("%s: part of the mesh that it watches: %v", d.Name, l)
		}
	}
}

func TestEachPodHasANetworkPolicyAndEachServicePods(t *testing.T) {
	objects := render(t, everything())
	policies := as[networkingv1.NetworkPolicy](t, objects, "NetworkPolicy")
	services := as[corev1.Service](t, objects, "Service")
	picked := map[string]bool{}
	for _, d := range as[appsv1.Deployment](t, objects, "Deployment") {
		pod := labels.Set(d.Spec.Template.Labels)
		if selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector); err != nil || !selector.Matches(pod) {
			t.Errorf("%s does not pick its own pods: %v", d.Name, err)
		}
		var ports []string
		for _, p := range d.Spec.Template.Spec.Containers[0].Ports {
			ports = append(ports, p.Name)
		}
		confined := slices.ContainsFunc(policies, func(p networkingv1.NetworkPolicy) bool {
			selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
			if err != nil || !selector.Matches(pod) {
				return false
			}
			for _, rule := range p.Spec.Ingress {
				for _, port := range rule.Ports {
					if !slices.Contains(ports, port.Port.StrVal) {
						t.Errorf("policy %s opens port %s, which pods of %s do not have", p.Name, port.Port, d.Name)
					}
				}
			}
			return len(p.Spec.Ingress) > 0 && slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeIngress)
		})
		if !confined {
			t.Errorf("no policy confines %s", d.Name)
		}
		for _, s := range services {
			if !labels.SelectorFromSet(s.Spec.Selector).Matches(pod) {
				continue
			}
			picked[s.Name] = true
			for _, p := range s.Spec.Ports {
				if !slices.Contains(ports, p.TargetPort.StrVal) {
					t.Errorf("Service %s leads to port %s, which pods of %s do not have", s.Name, p.TargetPort.String(), d.Name)
				}
			}
		}
	}
	for _, s := range services {
		if !picked[s.Name] {
			t.Errorf("Service %s picks no pods", s.Name)
		}
	}
}

// Nothing that is installed may change the cluster or read Secrets.
func TestRolesOnlyRead(t *testing.T) {
	objects := render(t, everything())
	roles := as[rbacv1.ClusterRole](t, objects, "ClusterRole")
	for _, role := range roles {
		for _, rule := range role.Rules {
			for _, verb := range rule.Verbs {
				if !slices.Contains([]string{"get", "list", "watch"}, verb) {
					t.Errorf("%s may %s %v", role.Name, verb, rule.Resources)
				}
			}
			if slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.APIGroups, "") && slices.Contains(rule.Resources, "*") {
				t.Errorf("%s may read %v", role.Name, rule.Resources)
			}
		}
	}
	for _, binding := range as[rbacv1.ClusterRoleBinding](t, objects, "ClusterRoleBinding") {
		if !slices.ContainsFunc(roles, func(r rbacv1.ClusterRole) bool { return r.Name == binding.RoleRef.Name }) {
			t.Errorf("%s binds %s, which is not there", binding.Name, binding.RoleRef.Name)
		}
	}
}

// The mesh and its addons are found by different labels, so that removing the
// one never touches the other.
func TestNoObjectHasALabelOfTheMesh(t *testing.T) {
	for _, o := range render(t, everything()) {
		for key := range at(o.Content, "metadata", "labels").(map[string]any) {
			if strings.Contains(key, "istio.io/") {
				t.Errorf("%v has the label %s", o.Content["metadata"], key)
			}
		}
		if at(o.Content, "metadata", "labels", NameLabel) != o.Addon || at(o.Content, "metadata", "labels", NamespaceLabel) != "monitoring" {
			t.Errorf("%v cannot be found again", o.Content["metadata"])
		}
	}
}
