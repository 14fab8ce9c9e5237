package install

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/registry"
	"sigs.k8s.io/yaml"
)

// fromRegistry pulls charts from an OCI registry.
func (s ChartSource) fromRegistry(base string) func(context.Context, string) (*chart.Chart, error) {
	return func(ctx context.Context, name string) (*chart.Chart, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, errSlowServer)
		defer cancel()
		options := []registry.ClientOption{
			registry.ClientOptWriter(io.Discard),
			registry.ClientOptHTTPClient(boundClient(ctx, s.client())), // it takes no context
		}
		if s.PlainHTTP {
			options = append(options, registry.ClientOptPlainHTTP())
		}
		client, err := registry.NewClient(options...)
		if err != nil {
			return nil, fmt.Errorf("preparing the registry client: %w", err)
		}
		ref := strings.TrimPrefix(strings.TrimSuffix(base, "/"), "oci://") + "/" + name + ":" + s.version()
		pulled, err := client.Pull(ref)
		if err != nil {
			return nil, fmt.Errorf("pulling chart oci://%s: %w", ref, cmp.Or(context.Cause(ctx), err))
		}
		return loader.LoadArchive(bytes.NewReader(pulled.Chart.Data))
	}
}

func (s ChartSource) version() string {
	if s.Version != "" {
		return s.Version
	}
	return DefaultRelease().Tag
}

// fromRepository reads charts from a Helm repository: its index.yaml names the
// archives.
func (s ChartSource) fromRepository(base string) func(context.Context, string) (*chart.Chart, error) {
	return func(ctx context.Context, name string) (*chart.Chart, error) {
		base := strings.TrimSuffix(base, "/") + "/"
		data, err := s.download(ctx, base+"index.yaml")
		if err != nil {
			return nil, err
		}
		var index struct {
			Entries map[string][]struct {
				Version string   `json:"version"`
				URLs    []string `json:"urls"`
			} `json:"entries"`
		}
		if err := yaml.Unmarshal(data, &index); err != nil {
			return nil, fmt.Errorf("reading %sindex.yaml: %s", withoutCredentials(base), plainYAMLError(err))
		}
		var versions []string
		for _, entry := range index.Entries[name] {
			versions = append(versions, entry.Version)
			if entry.Version != s.version() || len(entry.URLs) == 0 {
				continue
			}
			location, err := resolveURL(base, entry.URLs[0])
			if err != nil {
				return nil, err
			}
			if data, err = s.download(ctx, location); err != nil {
				return nil, err
			}
			return loader.LoadArchive(bytes.NewReader(data))
		}
		return nil, fmt.Errorf("the repository %s has no chart %s in version %s (it has: %s)",
			withoutCredentials(base), name, s.version(), orNone(versions))
	}
}

func resolveURL(base, reference string) (string, error) {
	root, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("reading the repository's address: %w", err)
	}
	target, err := root.Parse(reference)
	if err != nil {
		return "", fmt.Errorf("reading the chart's address: %w", err)
	}
	return target.String(), nil
}

func (s ChartSource) client() *http.Client {
	if s.HTTP != nil {
		return s.HTTP
	}
	return http.DefaultClient
}

func (s ChartSource) download(ctx context.Context, location string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, errSlowServer)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", location, err)
	}
	response, err := boundClient(ctx, s.client()).Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetching charts from %s: %w", withoutCredentials(location), cmp.Or(context.Cause(ctx), err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching %s: the server answers %s", withoutCredentials(location), response.Status)
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", withoutCredentials(location), cmp.Or(context.Cause(ctx), err))
	}
	return data, nil
}
