package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/registry"
	"sigs.k8s.io/yaml"
)

// ChartSource says how remote charts are fetched.
type ChartSource struct {
	HTTP    *http.Client // nil: http.DefaultClient
	Version string       // of the charts in a repository; "" for the release's
	// PlainHTTP speaks http to an OCI registry, for tests and for mirrors on
	// localhost.
	PlainHTTP bool
}

// largestDownload bounds what is read from a server: charts have kilobytes.
const largestDownload = 64 << 20

// Embedded is the location of the charts in the binary, for Open.
const Embedded = "embedded"

// Open finds charts at a location: "" for what the input's installPackagePath
// says, Embedded for those in the binary, a directory or
// .tgz with charts/ and profiles/ (as in a release of Istio), an https:// URL of
// such an archive or of a Helm repository, or oci:// with the charts below.
// A repository holds only the charts of base, istiod, cni and ztunnel; profiles
// and gateways stay the embedded ones.
func (s ChartSource) Open(ctx context.Context, location string) (Charts, error) {
	switch {
	case location == "":
		return Charts{}, nil
	case location == Embedded:
		return Charts{chosen: true}, nil
	case strings.HasPrefix(location, "oci://"):
		return Charts{chosen: true, fetch: s.fromRegistry(location)}, nil
	case strings.HasPrefix(location, "https://"), strings.HasPrefix(location, "http://"):
		if strings.HasSuffix(location, ".tgz") || strings.HasSuffix(location, ".tar.gz") {
			data, err := s.download(ctx, location)
			if err != nil {
				return Charts{}, err
			}
			return openArchive(location, bytes.NewReader(data))
		}
		return Charts{chosen: true, fetch: s.fromRepository(location)}, nil
	}
	info, err := os.Stat(location)
	if err != nil {
		return Charts{}, &InputError{Err: fmt.Errorf("opening charts: %w", err)}
	}
	if info.IsDir() {
		return openFolder(location, os.DirFS(location))
	}
	file, err := os.Open(location)
	if err != nil {
		return Charts{}, fmt.Errorf("opening charts: %w", err)
	}
	defer file.Close()
	return openArchive(location, file)
}

// openFolder takes a folder with charts/ and profiles/, or the root of an
// unpacked release, which has them below manifests/.
func openFolder(location string, files fs.FS) (Charts, error) {
	for _, root := range []string{".", "manifests"} {
		sub, err := fs.Sub(files, root)
		if err != nil {
			return Charts{}, err
		}
		if _, err := fs.Stat(sub, "charts"); err != nil {
			continue
		}
		if _, err := fs.Stat(sub, "profiles"); err == nil {
			return Charts{chosen: true, files: sub}, nil
		}
	}
	return Charts{}, &InputError{Err: fmt.Errorf(
		"opening charts in %s: expected the folders charts and profiles, as in the folder manifests of a release of Istio", location)}
}

// openArchive unpacks with Helm's reader, which takes off the first folder and
// refuses paths that lead outside.
func openArchive(location string, r io.Reader) (Charts, error) {
	files, err := archive.LoadArchiveFiles(io.LimitReader(r, largestDownload))
	if err != nil {
		return Charts{}, &InputError{Err: fmt.Errorf("unpacking charts from %s: %w", location, err)}
	}
	memory := memoryFS{}
	for _, f := range files {
		memory[path.Clean(f.Name)] = f.Data
	}
	return openFolder(location, memory)
}

// fromRegistry pulls charts from an OCI registry.
func (s ChartSource) fromRegistry(base string) func(context.Context, string) (*chart.Chart, error) {
	return func(_ context.Context, name string) (*chart.Chart, error) {
		options := []registry.ClientOption{registry.ClientOptWriter(io.Discard)}
		if s.HTTP != nil {
			options = append(options, registry.ClientOptHTTPClient(s.HTTP))
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
			return nil, fmt.Errorf("pulling chart oci://%s: %w", ref, err)
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
			return nil, fmt.Errorf("reading %sindex.yaml: %s", base, plainYAMLError(err))
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
			base, name, s.version(), strings.Join(versions, ", "))
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

func (s ChartSource) download(ctx context.Context, location string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", location, err)
	}
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetching charts: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching %s: the server answers %s", location, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, largestDownload+1))
	if err == nil && len(data) > largestDownload {
		err = errors.New("the file is too large to be a chart")
	}
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", location, err)
	}
	return data, nil
}
