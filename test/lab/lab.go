package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshctl/meshctl/test/lab/envoy"
	"github.com/meshctl/meshctl/test/lab/tools"
)

// Options say what a lab is like. The zero value is a good lab for tests.
type Options struct {
	// Nodes is the number of simulated nodes, 1 if not given.
	Nodes int
	// Talk gets a line for each tool that has to be built and each step of the
	// start; nil means standard error for builds and silence for steps.
	Talk io.Writer
	// Interactive marks a lab that "make lab-down" stops.
	Interactive bool
	// PodNetwork is where pods get their addresses from, 10.244.0.1/16 if not
	// given. Clusters of one mesh need different ones.
	PodNetwork string
	// Envoy is the path of an Envoy to run for each proxy, "" for what
	// [envoy.FindBinary] finds. Where that is nothing proxies are simulated.
	Envoy string
}

// Lab is a running control plane.
type Lab struct {
	// Dir is the temporary folder with all state: keys, kubeconfigs, the log
	// of each component as NAME.log. It is gone after Stop.
	Dir string
	// Kubeconfig is the path of a kubeconfig for the administrator.
	Kubeconfig string
	// Client talks to the API server as administrator.
	Client kubernetes.Interface

	// The components of the control plane. istiod is not among them: it is a
	// pod, see Runtime.
	Etcd, APIServer, ControllerManager, Scheduler, Kwok *Component
	// Runtime runs the containers that kwok cannot simulate.
	Runtime *Runtime
	// EnvoyBinary is the path of the Envoy that runs for each proxy, "" where
	// proxies are simulated.
	EnvoyBinary string

	tools      tools.Set
	keys       *keys
	ports      ports
	spawner    *spawner
	reaper     *reaper
	owner      *os.File // held locked as long as the lab lives
	kubelet    *kubelet
	kwokPort   int
	egress     *egress
	objects    *objects
	forwards   forwards
	marker     *markerListener
	etcdPort   int
	podNetwork string
	apiPort    int
	direct     string // kubeconfig of the control plane's own components
	stop       sync.Once
	stopErr    error
}

// startTimeout bounds the start of a control plane once the tools are built.
// It is far above the seconds that a start takes, for machines under load.
const startTimeout = 3 * time.Minute

// Start builds the tools that are missing and starts a control plane with
// ready nodes. Stop it, or end the process: nothing of it is left behind
// either way.
func Start(ctx context.Context, options Options) (*Lab, error) {
	say := func(format string, args ...any) {
		if options.Talk != nil {
			fmt.Fprintf(options.Talk, "lab: "+format+"\n", args...)
		}
	}
	talk := options.Talk
	if talk == nil {
		talk = os.Stderr
	}
	set, err := tools.Ensure(ctx, talk)
	if err != nil {
		return nil, err
	}
	if err := sweep(os.TempDir()); err != nil {
		return nil, err
	}
	l := &Lab{tools: set, spawner: newSpawner(), EnvoyBinary: options.Envoy, podNetwork: cmp.Or(options.PodNetwork, podNetwork)}
	if l.EnvoyBinary == "" {
		if l.EnvoyBinary, err = envoy.FindBinary(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	start := time.Now()
	if err := l.start(ctx, options, say); err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	say("control plane ready after %s", time.Since(start).Round(100*time.Millisecond))
	say("%s", l.Proxies())
	return l, nil
}

// Proxies says in words whether proxies are real.
func (l *Lab) Proxies() string {
	if l.EnvoyBinary == "" {
		return "proxies are simulated; " + envoy.BinaryVariable + ", or an envoy on PATH, runs real ones"
	}
	return "proxies are run by " + l.EnvoyBinary
}

func (l *Lab) start(ctx context.Context, options Options, say func(string, ...any)) error {
	if err := l.furnish(options); err != nil {
		return err
	}
	l.Etcd, l.APIServer, l.Kwok = l.newEtcd(), l.newAPIServer(), l.newKwok()
	l.ControllerManager, l.Scheduler = l.newControllerManager(), l.newScheduler()

	if err := l.Etcd.Start(ctx); err != nil {
		return err
	}
	if err := l.APIServer.Start(ctx); err != nil {
		return err
	}
	say("API server ready")
	if err := l.connect(); err != nil {
		return err
	}
	var rest errgroup.Group
	rest.Go(func() error { return l.ControllerManager.Start(ctx) })
	rest.Go(func() error { return l.Scheduler.Start(ctx) })
	rest.Go(func() error {
		if err := l.installKwok(ctx); err != nil {
			return err
		}
		if err := l.emptyLogs(ctx); err != nil {
			return err
		}
		if err := l.Kwok.Start(ctx); err != nil {
			return err
		}
		return l.AddNodes(ctx, max(1, options.Nodes))
	})
	if err := rest.Wait(); err != nil {
		return err
	}
	return l.Runtime.start(ctx)
}

// furnish makes the folder of the lab and all that is needed before the first
// component runs.
func (l *Lab) furnish(options Options) (err error) {
	if l.Dir, l.owner, err = newDir(options.Interactive); err != nil {
		return err
	}
	if l.reaper, err = startReaper(l.Dir); err != nil {
		return err
	}
	if l.keys, err = newKeys(l.Dir); err != nil {
		return err
	}
	if l.marker, err = l.listenForMarkers(); err != nil {
		return err
	}
	if l.kubelet, err = l.startKubelet(); err != nil {
		return err
	}
	l.egress, err = l.startEgress(filepath.Join(l.Dir, "egress.sock"))
	return err
}

// connect makes the clients, once the API server's port is known.
func (l *Lab) connect() (err error) {
	if l.direct, err = l.writeKubeconfig("control-plane.kubeconfig", l.apiURL(), "lab-admin", l.keys.adminToken); err != nil {
		return err
	}
	if l.Kubeconfig, err = l.writeKubeconfig("kubeconfig", l.apiURL(), "lab-admin", l.keys.adminToken); err != nil {
		return err
	}
	config, err := l.Config()
	if err != nil {
		return err
	}
	if l.Client, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("making a client for the lab: %w", err)
	}
	if l.objects, err = newObjects(config); err != nil {
		return err
	}
	l.Runtime = newRuntime(l)
	return nil
}

// Config returns a client configuration for the administrator that is not
// slowed down on the client's side.
func (l *Lab) Config() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", l.direct)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig of the lab: %w", err)
	}
	config.QPS, config.Burst = 1000, 2000
	return config, nil
}

func (l *Lab) apiURL() string { return "https://" + address(l.apiPort) }

// adminHTTP returns a client that authenticates as administrator.
func (l *Lab) adminHTTP() (*http.Client, error) {
	return rest.HTTPClientFor(&rest.Config{
		Host: l.apiURL(), BearerToken: l.keys.adminToken,
		TLSClientConfig: rest.TLSClientConfig{CAData: l.keys.caPEM},
	})
}

// Stop ends everything that belongs to the lab and removes its folder.
// Whoever talks to the API server ends before it, and it before its store.
func (l *Lab) Stop() error {
	l.stop.Do(func() {
		if l.Runtime != nil {
			l.Runtime.stop()
		}
		var group errgroup.Group
		for _, c := range []*Component{l.Kwok, l.Scheduler, l.ControllerManager} {
			if c != nil {
				group.Go(func() error { c.Stop(); return nil })
			}
		}
		_ = group.Wait()
		for _, c := range []*Component{l.APIServer, l.Etcd} {
			if c != nil {
				c.Stop()
			}
		}
		if l.egress != nil {
			l.egress.close()
		}
		if l.marker != nil {
			l.marker.close()
		}
		if l.kubelet != nil {
			l.kubelet.close()
		}
		l.ports.close()
		l.spawner.close()
		if l.reaper != nil {
			l.stopErr = l.reaper.reap()
		}
		if l.owner != nil {
			l.owner.Close()
		}
	})
	return l.stopErr
}
