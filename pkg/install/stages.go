package install

// stage groups the steps that may run side by side: none needs another of the
// same stage.
type stage struct {
	name  string
	steps []Step
	wait  bool // until what was applied is ready
}

// stages orders the steps of a plan: what others need comes first, webhooks come
// after the control plane that answers them, and before the gateways that are
// injected by them. Deletions come last.
func stages(steps []Step) []stage {
	all := []stage{
		{name: "namespaces and CRDs", wait: true},
		{name: "accounts and roles"},
		{name: "configuration"},
		{name: "control plane", wait: true},
		{name: "webhooks"},
		{name: "data plane", wait: true},
		{name: "record"},
	}
	for _, step := range steps {
		if step.Action != Delete {
			n := stageOf(step)
			all[n].steps = append(all[n].steps, step)
		}
	}
	return all
}

func stageOf(s Step) int {
	if isRecord(s.object()) {
		return 6
	}
	switch s.Kind {
	case "Namespace", "CustomResourceDefinition":
		return 0
	case "ServiceAccount", "ClusterRole", "Role":
		return 1
	case "ClusterRoleBinding", "RoleBinding", "ConfigMap", "Secret", "NetworkPolicy", "ResourceQuota", "PersistentVolumeClaim":
		return 2
	case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding":
		return 4
	}
	switch s.Component {
	case "IngressGateways", "EgressGateways", "Ztunnel":
		return 5
	}
	return 3
}
