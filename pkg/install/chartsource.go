package install

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
)

// ChartSource says how remote charts are fetched.
type ChartSource struct {
	HTTP    *http.Client // nil: http.DefaultClient
	Version string       // of the charts in a repository; "" for the release's
	// PlainHTTP speaks http to an OCI registry, for tests and for mirrors on
	// localhost.
	PlainHTTP bool
}

// Embedded is the location of the charts in the binary, for Open.
const Embedded = "embedded"

// Open finds charts at a location: "" for what the input's installPackagePath
// says, Embedded for those in the binary, a directory or
// .tgz with charts/ and profiles/ (as in a release of Istio), an https:// URL of
// such an archive or of a Helm repository, or oci:// with the charts below.
// A repository holds only the charts of base, istiod, cni and ztunnel; profiles
// and gateways stay the embedded ones: the repository's chart "gateway" takes
// other values and gives pods other labels, so that it cannot carry on a gateway
// which an operator document describes.
func (s ChartSource) Open(ctx context.Context, location string) (Charts, error) {
	charts, err := s.open(ctx, location)
	if location != Embedded {
		charts.location = withoutCredentials(location)
	}
	return charts, err
}

func (s ChartSource) open(ctx context.Context, location string) (Charts, error) {
	if s.Version != "" && !isRepository(location) {
		return Charts{}, &InputError{Err: fmt.Errorf("opening charts: version %s can be chosen only in a repository (oci:// or https://)", s.Version)}
	}
	switch {
	case location == "":
		return Charts{}, nil
	case location == Embedded:
		return Charts{chosen: true}, nil
	case strings.HasPrefix(location, "oci://"):
		return Charts{chosen: true, fetch: s.fromRegistry(location)}, nil
	case strings.HasPrefix(location, "https://"), strings.HasPrefix(location, "http://"):
		if !isRepository(location) {
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

// isRepository tells a place with single charts in several versions from one
// archive or folder with all of them.
func isRepository(location string) bool {
	return strings.HasPrefix(location, "oci://") ||
		(strings.HasPrefix(location, "https://") || strings.HasPrefix(location, "http://")) &&
			!strings.HasSuffix(location, ".tgz") && !strings.HasSuffix(location, ".tar.gz")
}

// withoutCredentials takes user and password out of a URL.
func withoutCredentials(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.User == nil {
		return location
	}
	u.User = nil
	return u.String()
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
