// Command envoy-sim runs a simulated Envoy for a pod: it takes the pod's place at
// istiod's plaintext xDS port and serves Envoy's admin endpoints.
//
//	kubectl port-forward -n istio-system deploy/istiod 15010 &
//	envoy-sim -n shop -xds 127.0.0.1:15010 frontend-5c9d7f6b8-x2x9z
//	curl 'localhost:15000/config_dump?include_eds'
//
// Nothing is changed in the cluster. A plaintext connection gives no
// certificates, so there are no secrets in the dump.
//
// With -c it is called as Envoy is and takes everything from the bootstrap file:
// the lab runs it where a real Envoy would run when ENVOY_BIN names it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshctl/meshctl/test/lab/envoy"
	"github.com/meshctl/meshctl/test/lab/podenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "envoy-sim:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, talk io.Writer) error {
	flags := flag.NewFlagSet("envoy-sim", flag.ContinueOnError)
	flags.SetOutput(talk)
	namespace := flags.String("n", "default", "`namespace` of the pod")
	xds := flags.String("xds", "127.0.0.1:15010", "`host:port` of istiod's plaintext xDS port")
	admin := flags.String("admin", "127.0.0.1:15000", "`host:port` to serve the admin endpoints on")
	version := flags.String("istio-version", "1.31.1", "`version` to report to istiod")
	file := flags.String("c", "", "bootstrap `file`, as for Envoy; other flags of Envoy are taken and ignored")
	for _, ignored := range []string{"service-node", "service-cluster", "concurrency", "log-level"} {
		flags.String(ignored, "", "taken and ignored")
	}
	flags.Bool("disable-hot-restart", false, "taken and ignored")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file != "" {
		return fromBootstrap(ctx, *file, talk)
	}
	if flags.NArg() != 1 {
		return errors.New("which pod? give the name of one that has a proxy")
	}
	pod, container, err := find(ctx, *namespace, flags.Arg(0))
	if err != nil {
		return err
	}
	node, err := envoy.Node(pod, container, *version)
	if err != nil {
		return err
	}
	bootstrap, err := envoy.Bootstrap(node, podenv.Of(pod, container))
	if err != nil {
		return err
	}
	proxy, err := envoy.Start(envoy.Config{
		Bootstrap:    bootstrap,
		AdminAddress: *admin,
		Dial:         func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", *xds) },
	})
	if err != nil {
		return err
	}
	return serve(ctx, proxy, talk)
}

// serve runs a proxy until the context ends.
func serve(ctx context.Context, proxy *envoy.Proxy, talk io.Writer) error {
	defer proxy.Close()
	fmt.Fprintf(talk, "%s\nadmin port: http://%s\n", proxy.ID(), proxy.Address())
	complete, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := proxy.WaitComplete(complete); err != nil {
		return err
	}
	fmt.Fprintln(talk, "the configuration is complete; Ctrl-C ends")
	<-ctx.Done()
	return nil
}

// find returns a pod of the current cluster and its proxy container.
func find(ctx context.Context, namespace, name string) (*corev1.Pod, *corev1.Container, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	pod, err := client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("finding pod %s/%s: %w", namespace, name, err)
	}
	for _, containers := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range containers {
			if containers[i].Name == "istio-proxy" {
				return pod, &containers[i], nil
			}
		}
	}
	return nil, nil, fmt.Errorf("pod %s/%s has no container istio-proxy", namespace, name)
}
