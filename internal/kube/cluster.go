// Package kube is the one door to a cluster: it lists objects, resolves
// "deploy/reviews" to pods, forwards ports, applies, deletes and waits. Every
// call is bounded by its context, and every error about reaching the cluster
// is an *AccessError that says what to do next.
package kube

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Options are the choices a Cluster leaves to its caller.
type Options struct {
	// UserAgent names the program in the API server's audit log.
	UserAgent string
}

// Cluster is one cluster under one identity. It is safe for concurrent use
// and opens no connection before the first call.
type Cluster struct {
	context   string
	namespace string
	config    *rest.Config

	connect func() (*rest.RESTClient, error)
	kinds   catalog
	upgrade upgradeMemory
	replay  func(namespace, pod string, port int) http.Handler // nil for a living cluster
}

// New reads the kubeconfig. It fails for one that is missing, broken or does
// not know the context asked for; it does not look whether the cluster answers.
func New(k Kubeconfig, o Options) (*Cluster, error) {
	loader := k.loader()
	files := kubeconfigFiles(loader)
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, configError(k.Context, files, err)
	}
	context := cmp.Or(k.Context, raw.CurrentContext)
	if _, known := raw.Contexts[context]; context != "" && !known {
		err := fmt.Errorf("it has no context %q, only %q", context, slices.Sorted(maps.Keys(raw.Contexts)))
		return nil, configError(context, files, err)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, configError(context, files, err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, configError(context, files, err)
	}
	return newCluster(context, namespace, config, o), nil
}

// NewForConfig is a cluster reached by a finished configuration, without a kubeconfig.
func NewForConfig(config *rest.Config, o Options) *Cluster {
	return newCluster("", "default", config, o)
}

func newCluster(context, namespace string, config *rest.Config, o Options) *Cluster {
	config = rest.CopyConfig(config)
	// The API server has its own fairness; a client-side queue only adds waiting.
	config.QPS = -1
	config.UserAgent = o.UserAgent
	// Warnings of the API server would mix with a command's output.
	config.WarningHandlerWithContext = rest.NoWarnings{}
	// The context is the one deadline.
	config.Timeout = 0
	if config.ExecProvider != nil || config.AuthProvider != nil {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return impatient{next} })
	}
	c := &Cluster{context: context, namespace: namespace, config: config}
	c.connect = sync.OnceValues(func() (*rest.RESTClient, error) { return restClient(config) })
	return c
}

// Context is the kubeconfig's context, or "" when there is none, as inside a pod.
func (c *Cluster) Context() string { return c.context }

// Server is the API server's address.
func (c *Cluster) Server() string { return c.config.Host }

// Namespace is the one that --namespace or the context chooses, "default" if neither does.
func (c *Cluster) Namespace() string { return c.namespace }

// kubeconfigFiles names the files that were read, for error messages.
func kubeconfigFiles(loader clientcmd.ClientConfig) string {
	access := loader.ConfigAccess()
	if access == nil {
		return ""
	}
	if access.IsExplicitFile() {
		return access.GetExplicitFile()
	}
	return strings.Join(access.GetLoadingPrecedence(), string(filepath.ListSeparator))
}

// impatient gives up on a request when its context ends even if the round
// tripper below does not look at it, as credential plugins do not.
type impatient struct{ next http.RoundTripper }

func (t impatient) RoundTrip(req *http.Request) (*http.Response, error) {
	type answer struct {
		response *http.Response
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		response, err := t.next.RoundTrip(req)
		answers <- answer{response, err}
	}()
	select {
	case a := <-answers:
		return a.response, a.err
	case <-req.Context().Done():
		go func() {
			if a := <-answers; a.response != nil {
				a.response.Body.Close()
			}
		}()
		return nil, context.Cause(req.Context())
	}
}
