// Command shop-dumps makes the Envoy dumps of samples/shop-dumps anew: it runs
// the shop on the lab, with a real istiod, and asks the frontend's proxy for
// its configuration before and after change.yaml.
//
//	go run ./test/lab/cmd/shop-dumps     (from the repository's root)
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab"
)

const folder = "samples/shop-dumps"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "shop-dumps:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	l, err := lab.Start(ctx, lab.Options{Talk: os.Stderr})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	if err := installIstio(ctx, l); err != nil {
		return err
	}
	if err := applyShop(ctx, l); err != nil {
		return err
	}
	pods, err := l.Client.CoreV1().Pods("shop").List(ctx, metav1.ListOptions{LabelSelector: "app=frontend"})
	if err != nil {
		return err
	}
	proxy := l.Runtime.Envoy("shop", pods.Items[0].Name)
	if err := dump(ctx, proxy.Address(), "frontend.before.json", "outbound|8080|v2|catalog.shop", `"weight": 90`, "api.acquirer.example"); err != nil {
		return err
	}
	change, err := os.ReadFile(filepath.Join(folder, "change.yaml"))
	if err != nil {
		return err
	}
	if err := l.Apply(ctx, "shop", change); err != nil {
		return err
	}
	return dump(ctx, proxy.Address(), "frontend.after.json", "x-shop-preview", `"weight": 50`)
}

func installIstio(ctx context.Context, l *lab.Lab) error {
	generate := exec.CommandContext(ctx, "go", "run", "./cmd/meshctl", "manifest", "generate", "--profile", "minimal")
	generate.Stderr = os.Stderr
	manifests, err := generate.Output()
	if err != nil {
		return fmt.Errorf("generating Istio's manifests: %w", err)
	}
	return l.InstallIstio(ctx, manifests)
}

// applyShop applies the namespaces first, then the mesh's configuration, and
// the workloads last, so that the proxies meet a mesh that is complete.
func applyShop(ctx context.Context, l *lab.Lab) error {
	files, err := filepath.Glob("samples/shop/*.yaml")
	if err != nil {
		return err
	}
	order := []string{"namespaces.yaml", "routing.yaml", "security.yaml", "external.yaml"}
	slices.SortStableFunc(files, func(a, b string) int { return rank(order, a) - rank(order, b) })
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := l.Apply(ctx, "", data); err != nil {
			return err
		}
	}
	return l.WaitForRollouts(ctx, "shop")
}

func rank(order []string, file string) int {
	if i := slices.Index(order, filepath.Base(file)); i >= 0 {
		return i
	}
	return len(order)
}

// dump writes a proxy's configuration once it holds what it must and has
// stopped to change.
func dump(ctx context.Context, address, name string, holds ...string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var last []byte
	for {
		data, err := configDump(ctx, address)
		if err != nil {
			return fmt.Errorf("waiting for %s to hold %q: %w", name, holds, err)
		}
		if bytes.Equal(data, last) && !slices.ContainsFunc(holds, func(text string) bool { return !bytes.Contains(data, []byte(text)) }) {
			return os.WriteFile(filepath.Join(folder, name), append(data, '\n'), 0o644)
		}
		last = data
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func configDump(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/config_dump?include_eds", http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
