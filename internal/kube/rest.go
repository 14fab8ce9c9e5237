package kube

import (
	"context"
	"io"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// restClient talks JSON and decodes nothing but the API server's Status:
// bodies stay bytes, so no typed clientset has to be linked in.
func restClient(config *rest.Config) (*rest.RESTClient, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config = rest.CopyConfig(config)
	config.GroupVersion = &schema.GroupVersion{}
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.ContentType = runtime.ContentTypeJSON
	config.AcceptContentTypes = runtime.ContentTypeJSON
	return rest.UnversionedRESTClientFor(config)
}

// request is one call to the API server.
type request struct {
	method string
	path   []string
	query  map[string][]string
	accept string
	kind   string // content type of body, JSON if empty
	body   []byte
}

func (c *Cluster) build(r request) (*rest.Request, error) {
	client, err := c.connect()
	if err != nil {
		return nil, err
	}
	req := client.Verb(r.method).AbsPath(r.path...)
	for name, values := range r.query {
		for _, value := range values {
			req.Param(name, value)
		}
	}
	if r.accept != "" {
		req.SetHeader("Accept", r.accept)
	}
	if r.body != nil {
		kind := r.kind
		if kind == "" {
			kind = runtime.ContentTypeJSON
		}
		req.SetHeader("Content-Type", kind).Body(r.body)
	}
	return req, nil
}

// do sends the request and reads the whole answer.
func (c *Cluster) do(ctx context.Context, r request) ([]byte, error) {
	req, err := c.build(r)
	if err != nil {
		return nil, err
	}
	result := req.Do(ctx)
	// Error, unlike Raw, decodes the Status in the body: who holds a field, which
	// value is invalid.
	if err := result.Error(); err != nil {
		return nil, err
	}
	return result.Raw()
}

// stream sends the request and hands the answer over as it comes.
func (c *Cluster) stream(ctx context.Context, r request) (io.ReadCloser, error) {
	req, err := c.build(r)
	if err != nil {
		return nil, err
	}
	return req.Stream(ctx)
}

// GetRaw reads a path of the API server, such as "/version" or "/readyz".
func (c *Cluster) GetRaw(ctx context.Context, path string) ([]byte, error) {
	data, err := c.do(ctx, request{method: http.MethodGet, path: []string{path}})
	return data, c.wrap(ctx, err, "reading %s", path)
}
