package lab

import (
	"cmp"
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// tokenLifetime is longer than any lab lives.
const tokenLifetime = 7 * 24 * 60 * 60 // seconds

// podToken has the API server make a token of a pod's service account, bound to
// the pod as those that a kubelet mounts. Without audiences it is one for the
// API server itself.
func (l *Lab) podToken(ctx context.Context, pod *corev1.Pod, audiences ...string) (string, error) {
	return l.token(ctx, pod.Namespace, pod.Spec.ServiceAccountName, authenticationv1.TokenRequestSpec{
		Audiences:      audiences,
		BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	})
}

func (l *Lab) token(ctx context.Context, namespace, account string, spec authenticationv1.TokenRequestSpec) (string, error) {
	account = cmp.Or(account, "default")
	lifetime := int64(tokenLifetime)
	spec.ExpirationSeconds = &lifetime
	answer, err := l.Client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("asking for a token of service account %s/%s: %w", namespace, account, err)
	}
	return answer.Status.Token, nil
}
