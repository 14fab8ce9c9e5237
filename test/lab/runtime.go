package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// The containers that the runtime runs, by name.
const (
	istiodContainer = "discovery"
	proxyContainer  = "istio-proxy"
)

// Runtime runs those containers of pods that kwok cannot simulate: istiod,
// Envoy and ztunnel. Like a kubelet it follows the pods: it starts what a new
// pod asks for, tries again when that fails, says when the pod is ready and
// stops it when the pod is deleted.
type Runtime struct {
	lab  *Lab
	ctx  context.Context
	end  context.CancelFunc
	busy sync.WaitGroup

	mu   sync.Mutex
	pods map[types.UID]*podRun
	log  *os.File

	known   cache.Store // all pods of the cluster
	ambient atomic.Bool // a ztunnel runs: pods of ambient namespaces are captured
}

// podRun is one pod whose container runs, or is about to.
type podRun struct {
	name   types.NamespacedName
	cancel context.CancelFunc
	gone   context.Context // done when the pod is deleted
	ended  chan struct{}   // closed when nothing runs any more
	work   work            // nil until it runs
}

// work is what runs in the place of a pod's container.
type work interface {
	// ports returns what listens where: the pod's port → host:port.
	ports() map[int]string
	// logs returns the container that has a log, false if none has.
	logs() (container string, has bool)
	// close ends it.
	close()
}

func newRuntime(l *Lab) *Runtime {
	r := &Runtime{lab: l, pods: map[types.UID]*podRun{}}
	r.ctx, r.end = context.WithCancel(context.Background())
	return r
}

// start follows the pods until stop.
func (r *Runtime) start(ctx context.Context) (err error) {
	if r.log, err = os.Create(filepath.Join(r.lab.Dir, "runtime.log")); err != nil {
		return fmt.Errorf("opening the log of the runtime: %w", err)
	}
	pods := informers.NewSharedInformerFactory(r.lab.Client, 0).Core().V1().Pods().Informer()
	_, err = pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { r.see(o.(*corev1.Pod)) },
		UpdateFunc: func(_, o any) { r.see(o.(*corev1.Pod)) },
		DeleteFunc: func(o any) {
			if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = last.Obj
			}
			r.drop(o.(*corev1.Pod))
		},
	})
	if err != nil {
		return fmt.Errorf("following the pods of the lab: %w", err)
	}
	r.known = pods.GetStore()
	r.busy.Go(func() { pods.Run(r.ctx.Done()) })
	if !cache.WaitForCacheSync(ctx.Done(), pods.HasSynced) {
		return fmt.Errorf("following the pods of the lab: %w", ctx.Err())
	}
	return nil
}

func (r *Runtime) stop() {
	r.end()
	r.busy.Wait()
}

// see takes notice of a pod's state.
func (r *Runtime) see(pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil {
		r.drop(pod)
		return
	}
	runner := r.runnerFor(pod)
	if runner == nil {
		r.capture(pod)
		return
	}
	if pod.Status.Phase != corev1.PodRunning || pod.Status.PodIP == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.pods[pod.UID]; known || r.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.ctx)
	run := &podRun{name: types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, cancel: cancel, gone: ctx, ended: make(chan struct{})}
	var former *podRun // of the same name, as StatefulSets have it
	for _, other := range r.pods {
		if other.name == run.name {
			former = other
		}
	}
	r.pods[pod.UID] = run
	r.busy.Go(func() {
		defer close(run.ended)
		if former != nil {
			<-former.ended
		}
		r.run(ctx, pod, run, runner)
	})
}

// drop ends what runs for a pod that is deleted. A pod that kwok simulates alone
// may have ports that a test has mapped.
func (r *Runtime) drop(pod *corev1.Pod) {
	r.mu.Lock()
	run, known := r.pods[pod.UID]
	r.mu.Unlock()
	switch {
	case known:
		run.cancel()
	case r.ctx.Err() == nil && r.runnerFor(pod) == nil && r.lab.forwards.has(pod.Namespace, pod.Name):
		if err := r.lab.forget(r.ctx, pod.Namespace, pod.Name); err != nil {
			r.note("%v", err)
		}
	}
}

// runner starts what stands for a container of a pod and returns when it is
// ready.
type runner func(context.Context, *corev1.Pod, *corev1.Container) (work, error)

// runnerFor returns how to run a pod, nil for a pod that kwok simulates alone.
func (r *Runtime) runnerFor(pod *corev1.Pod) func(context.Context) (work, error) {
	for _, containers := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range containers {
			var run runner
			switch containers[i].Name {
			case istiodContainer:
				run = r.runIstiod
			case proxyContainer:
				run = r.runProxy
			default:
				continue
			}
			return func(ctx context.Context) (work, error) {
				w, err := run(ctx, pod, &containers[i])
				if ended := (*endedError)(nil); errors.As(err, &ended) && ctx.Err() == nil {
					err = errors.Join(err, r.crashed(ctx, pod, containers[i].Name, ended.code))
				}
				return w, err
			}
		}
	}
	return nil
}

// retryAfter is the pause before what failed to start is tried again: a pod
// may come before the ConfigMap or the istiod that it needs.
const retryAfter = 300 * time.Millisecond

// run is the life of one pod.
func (r *Runtime) run(ctx context.Context, pod *corev1.Pod, run *podRun, start func(context.Context) (work, error)) {
	var running work
	for running == nil {
		var err error
		if running, err = r.bring(ctx, pod, start); err == nil {
			break
		}
		running = nil
		r.note("running pod %s: %v", run.name, err)
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
			continue
		}
		break
	}
	r.mu.Lock()
	run.work = running
	r.mu.Unlock()

	<-ctx.Done()
	if running != nil {
		running.close()
	}
	if r.ctx.Err() == nil { // the lab goes on without the pod
		err := errors.Join(r.lab.forget(r.ctx, pod.Namespace, pod.Name), r.lab.forgetLog(r.ctx, pod.Namespace, pod.Name))
		if err != nil {
			r.note("%v", err)
		}
	}
	r.mu.Lock()
	delete(r.pods, pod.UID)
	r.mu.Unlock()
}

// bring starts a pod's work, maps its ports and makes the pod Ready.
func (r *Runtime) bring(ctx context.Context, pod *corev1.Pod, start func(context.Context) (work, error)) (work, error) {
	w, err := start(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.lab.mapPorts(ctx, pod.Namespace, pod.Name, w.ports()); err != nil {
		w.close()
		return nil, err
	}
	if container, logs := w.logs(); logs {
		if err := r.lab.serveLog(ctx, pod.Namespace, pod.Name, container, ""); err != nil {
			w.close()
			return nil, err
		}
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"true"}}}`, readyAnnotation)
	_, err = r.lab.Client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		w.close()
		return nil, fmt.Errorf("making pod %s/%s ready: %w", pod.Namespace, pod.Name, err)
	}
	return w, nil
}

// find returns what runs for a pod, nil if nothing does.
func (r *Runtime) find(namespace, pod string) work {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, run := range r.pods {
		if run.name.Namespace == namespace && run.name.Name == pod && run.gone.Err() == nil {
			return run.work
		}
	}
	return nil
}

// note writes a line to runtime.log.
func (r *Runtime) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.log, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// Log returns what the runtime had trouble with.
func (r *Runtime) Log() string {
	data, err := os.ReadFile(filepath.Join(r.lab.Dir, "runtime.log"))
	if err != nil {
		return err.Error()
	}
	return string(data)
}
