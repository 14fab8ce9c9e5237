package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/resource"
)

// manifestInput are the flags that name manifests to work on.
type manifestInput struct {
	files     []string
	kustomize string
}

func (m *manifestInput) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVarP(&m.files, "filename", "f", nil, "`file`, directory, URL or - for stdin (repeatable)")
	fs.StringVarP(&m.kustomize, "kustomize", "k", "", "`directory` with a kustomization to build")
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	_ = cmd.MarkFlagDirname("kustomize")
}

// validate checks that there is something to read and, for work in place,
// that it can be written to.
func (m *manifestInput) validate(inPlace bool) error {
	if len(m.files) == 0 && m.kustomize == "" {
		return usagef("nothing to read: name a file, directory or URL by -f (- for stdin), or a kustomization by -k")
	}
	if inPlace && m.kustomize != "" {
		return usagef("--in-place cannot write back to a kustomization; use --output")
	}
	for _, name := range m.names() {
		if inPlace && (name == resource.StdinName || isURL(name)) {
			return usagef("--in-place cannot write back to %s; use --output", name)
		}
	}
	return nil
}

func (m *manifestInput) names() []string { return separated(m.files) }

// separated are the files that -f names: as with kubectl, commas separate
// several, unless they belong to a URL or to a file's name.
func separated(files []string) []string {
	var names []string
	for _, name := range files {
		if _, err := os.Lstat(name); err == nil || isURL(name) {
			names = append(names, name)
		} else {
			names = append(names, strings.Split(name, ",")...)
		}
	}
	return names
}

func isURL(name string) bool {
	return strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://")
}

// maxDownload bounds what is read from a URL, in bytes.
const maxDownload = 64 << 20

// read reads everything in the order given.
func (m *manifestInput) read(ctx context.Context, e *env) ([]resource.File, error) {
	var files []resource.File
	stdin := false
	for _, name := range m.names() {
		if isURL(name) {
			data, err := download(ctx, name)
			if err != nil {
				return nil, err
			}
			files = append(files, resource.File{Name: name, Data: data})
			continue
		}
		if name == resource.StdinName {
			if stdin {
				return nil, usagef("stdin (-) is given twice; it can be read only once")
			}
			stdin = true
			if isTerminal(e.in) {
				fmt.Fprintln(e.err, "reading from this terminal; end the input with Ctrl-D")
			}
		}
		read, err := resource.ReadFiles([]string{name}, e.in)
		if err != nil {
			return nil, usageError{err}
		}
		files = append(files, read...)
	}
	if m.kustomize != "" {
		file, err := resource.Kustomize(m.kustomize)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

func download(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, usagef("reading %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if failed := (*neturl.Error)(nil); errors.As(err, &failed) {
		err = failed.Err // it would name the URL once more
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", url, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reading %s: the server answers %s", url, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxDownload+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", url, err)
	}
	if len(data) > maxDownload {
		return nil, fmt.Errorf("reading %s: more than %d MiB; download it and give the file", url, maxDownload>>20)
	}
	return data, nil
}
