package dashboard

import corev1 "k8s.io/api/core/v1"

// Credentials name the place where user and password of a dashboard are kept.
// The values themselves are not read here.
type Credentials struct {
	Namespace   string `json:"namespace"`
	Secret      string `json:"secret"`
	UserKey     string `json:"userKey,omitempty"`
	PasswordKey string `json:"passwordKey"`
}

// credentials follows the environment of a pod's containers to a Secret.
func credentials(pod *corev1.Pod, d Dashboard) *Credentials {
	if d.PasswordEnv == "" {
		return nil
	}
	found := Credentials{Namespace: pod.Namespace}
	for _, c := range pod.Spec.Containers {
		for _, env := range c.Env {
			if env.ValueFrom == nil || env.ValueFrom.SecretKeyRef == nil {
				continue
			}
			switch ref := env.ValueFrom.SecretKeyRef; env.Name {
			case d.UserEnv:
				found.UserKey = ref.Key
			case d.PasswordEnv:
				found.Secret, found.PasswordKey = ref.Name, ref.Key
			}
		}
	}
	if found.Secret == "" {
		return nil
	}
	return &found
}
