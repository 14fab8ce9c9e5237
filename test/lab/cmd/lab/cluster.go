package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshctl/meshctl/test/lab"
)

// What a story in a shell needs of kubectl and curl, so that nothing but Go has
// to be there.

// clusterTimeout bounds what is done to a cluster.
const clusterTimeout = 3 * time.Minute

// config reads the kubeconfig that KUBECONFIG names, and no other: nobody's
// real cluster is to be touched by a story.
func config() (*rest.Config, error) {
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		return nil, fmt.Errorf("KUBECONFIG is not set; start a lab with `lab up`")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig %s: %w", path, err)
	}
	config.QPS, config.Burst = 1000, 2000
	return config, nil
}

// withFiles does something to the cluster with what is in each file, in order.
func withFiles(ctx context.Context, files []string, do func(context.Context, *rest.Config, string, []byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	config, err := config()
	if err != nil {
		return err
	}
	for _, file := range files {
		var data []byte
		if file == "-" {
			data, err = io.ReadAll(os.Stdin)
		} else {
			data, err = os.ReadFile(file)
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		if err := do(ctx, config, "default", data); err != nil {
			return err
		}
	}
	return nil
}

// wait waits for the workloads of namespaces.
func wait(ctx context.Context, namespaces []string) error {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	config, err := config()
	if err != nil {
		return err
	}
	for _, namespace := range namespaces {
		if err := lab.WaitForRollouts(ctx, config, namespace); err != nil {
			return err
		}
	}
	return nil
}

// page serves a text until the context ends.
func page(ctx context.Context, out io.Writer, text string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serving a page: %w", err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, text) })}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("serving a page: %w", err)
	}
	return nil
}

// fetch prints a page.
func fetch(ctx context.Context, out io.Writer, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("fetching %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("fetching %s: %w", url, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("fetching %s: %s", url, response.Status)
	}
	_, err = io.Copy(out, response.Body)
	return err
}
