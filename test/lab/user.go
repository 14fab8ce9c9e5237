package lab

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NewUser makes a user that may do what the rules say and nothing else, in one
// namespace or, with "", in all of them. It returns the path of the user's
// kubeconfig.
func (l *Lab) NewUser(ctx context.Context, namespace string, rules ...rbacv1.PolicyRule) (string, error) {
	account, err := l.Client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Create(ctx,
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{GenerateName: "lab-user-"}}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("making a user: %w", err)
	}
	meta := metav1.ObjectMeta{Name: account.Name, Namespace: namespace}
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: account.Namespace, Name: account.Name}}
	rbac := l.Client.RbacV1()
	if namespace == "" {
		if _, err = rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err == nil {
			_, err = rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, Subjects: subjects,
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: account.Name}}, metav1.CreateOptions{})
		}
	} else {
		if _, err = rbac.Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err == nil {
			_, err = rbac.RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, Subjects: subjects,
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: account.Name}}, metav1.CreateOptions{})
		}
	}
	if err != nil {
		return "", fmt.Errorf("giving rights to a user: %w", err)
	}
	token, err := l.token(ctx, account.Namespace, account.Name, authenticationv1.TokenRequestSpec{})
	if err != nil {
		return "", err
	}
	return l.writeKubeconfig(account.Name+".kubeconfig", l.apiURL(), account.Name, token)
}
