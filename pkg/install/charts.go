package install

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// Charts says where charts and profiles come from. The zero value leaves it to
// spec.installPackagePath, and else means those embedded in the binary;
// ChartSource.Open gives the others.
type Charts struct {
	chosen   bool                                                         // whatever spec.installPackagePath says
	location string                                                       // as the user named it, "" for the embedded ones
	files    fs.FS                                                        // charts/ and profiles/, nil for the embedded ones
	fetch    func(ctx context.Context, name string) (*chart.Chart, error) // single charts of a repository, by release name
}

// profiles is the file system that holds profiles/.
func (c Charts) profiles() fs.FS {
	if c.files == nil {
		return EmbeddedCharts()
	}
	return c.files
}

// trusted tells whether the charts are the ones this package was tested with,
// which allows shortcuts that other charts might notice.
func (c Charts) trusted() bool { return c.files == nil && c.fetch == nil }

// load reads the chart of a component.
func (c Charts) load(ctx context.Context, comp component) (*chart.Chart, error) {
	if c.fetch != nil && comp.releaseName != "" {
		return c.fetch(ctx, comp.releaseName)
	}
	loaded, err := loadChart(c.profiles(), path.Join("charts", comp.chart))
	if err != nil {
		return nil, fmt.Errorf("loading the chart of component %s: %w", comp.name, err)
	}
	return loaded, nil
}

// embeddedCharts says which instances do not come from the repository that was
// named.
func embeddedCharts(planned []instance) []string {
	var names []string
	for _, i := range planned {
		if i.releaseName == "" {
			names = append(names, i.label())
		}
	}
	if names == nil {
		return nil
	}
	return []string{fmt.Sprintf("a chart repository holds no chart for the gateways of an operator document: %s rendered with the chart of this program (Istio %s)",
		strings.Join(names, ", "), DefaultRelease().Tag)}
}

// loadChart reads the chart in a folder of a file system.
func loadChart(charts fs.FS, root string) (*chart.Chart, error) {
	sub, err := fs.Sub(charts, root)
	if err != nil {
		return nil, err
	}
	var files []*archive.BufferedFile
	err = fs.WalkDir(sub, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(sub, name)
		if err != nil {
			return err
		}
		files = append(files, &archive.BufferedFile{Name: name, Data: data})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return loader.LoadFiles(files)
}
