package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/istiod"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/pkg/proxyconfig/arrival"
	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/status"
)

// waiting is the state of a wait between two looks.
type waiting struct {
	e       *env
	o       *waitOptions
	cluster *kube.Cluster
	control *istiod.Control
	changes []arrival.Change
	proxies []*awaited
	istiods map[string]*arrival.Istiod
	pods    map[string]*corev1.Pod // of the istiods
	started bool
	told    string
	failure error // of the last look as a whole
}

// awaited is a proxy that should get the change.
type awaited struct {
	Proxy  string `json:"proxy"`
	Istiod string `json:"istiod,omitempty"`
	Has    bool   `json:"has"`
	// Reason says what is missing.
	Reason string `json:"reason,omitempty"`

	pod    *corev1.Pod
	gone   bool
	nonces string // of the last look, if all were acknowledged
}

func (e *env) newWaiting(ctx context.Context, o *waitOptions) (*waiting, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	keys, err := e.waitKeys(ctx, cluster, o)
	if err != nil {
		return nil, err
	}
	find := waitObjects
	if o.what == waitDelete {
		find = waitDeleted
	}
	objects, err := find(ctx, cluster, keys)
	if err != nil {
		return nil, err
	}
	control, err := e.control(ctx, o.revision)
	if err != nil {
		return nil, err
	}
	w := &waiting{e: e, o: o, cluster: cluster, control: control, istiods: map[string]*arrival.Istiod{}, pods: map[string]*corev1.Pod{}}
	var scopes []arrival.Scope
	for _, object := range objects {
		if o.what == waitDelete {
			w.changes = append(w.changes, arrival.Change{Key: object.Key, Deleted: true})
			scopes = append(scopes, arrival.ScopeOf(object, e.global.istioNamespace))
			continue
		}
		change, err := arrival.ChangeOf(object)
		if err != nil {
			return nil, err
		}
		if o.generation > 0 {
			change.Generation, change.ResourceVersion = o.generation, ""
		}
		w.changes = append(w.changes, change)
		scopes = append(scopes, arrival.ScopeOf(object, e.global.istioNamespace))
	}
	return w, w.choose(ctx, scopes)
}

// choose finds the proxies that are waited for.
func (w *waiting) choose(ctx context.Context, scopes []arrival.Scope) error {
	var pods []*corev1.Pod
	var err error
	if len(w.o.proxies) > 0 {
		pods, err = w.e.proxyPods(ctx, w.o.proxies, "", false, true)
	} else {
		pods, err = w.cluster.Pods(ctx, "", "")
	}
	if err != nil {
		return err
	}
	for _, pod := range pods {
		inScope := slices.ContainsFunc(scopes, func(s arrival.Scope) bool { return s.Contains(pod) })
		if !hasProxy(pod) || !inScope || pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil || !w.ofRevision(pod) {
			continue
		}
		w.proxies = append(w.proxies, &awaited{Proxy: pod.Name + "." + pod.Namespace, pod: pod})
	}
	slices.SortFunc(w.proxies, func(a, b *awaited) int { return strings.Compare(a.Proxy, b.Proxy) })
	w.proxies = slices.CompactFunc(w.proxies, func(a, b *awaited) bool { return a.Proxy == b.Proxy })
	return nil
}

// ofRevision tells whether a pod was given to the chosen revision by the injector.
func (w *waiting) ofRevision(pod *corev1.Pod) bool {
	if w.o.revision == "" {
		return true
	}
	return pod.Annotations[istio.RevisionLabel] == w.o.revision || pod.Labels[istio.RevisionLabel] == w.o.revision
}

// look asks the istiods and the proxies that are still waited for.
func (w *waiting) look(ctx context.Context) error {
	byProxy, err := w.lookAtIstiods(ctx)
	if w.failure = err; err != nil {
		return err
	}
	var work errgroup.Group
	work.SetLimit(proxiesAtOnce)
	for _, p := range w.proxies {
		if p.Has || p.gone {
			continue
		}
		work.Go(func() error {
			reason, err := w.missing(ctx, p, byProxy[p.Proxy])
			switch {
			case ctx.Err() != nil: // what was known before is more than half an answer
			case err != nil:
				p.Reason = err.Error()
			default:
				p.Reason, p.Has = reason, reason == "" && !p.gone
			}
			return nil
		})
	}
	_ = work.Wait() // failures are kept with the proxies
	return nil
}

// lookAtIstiods updates what is known of the istiods.
func (w *waiting) lookAtIstiods(ctx context.Context) (map[string]status.Proxy, error) {
	answers, err := w.control.AskAll(ctx, "/debug/syncz")
	if err != nil {
		return nil, err
	}
	out := map[string]status.Proxy{}
	var failures []error
	for _, a := range answers {
		if a.Err == nil {
			a.Err = w.lookAtIstiod(ctx, a, out)
		}
		if a.Err != nil {
			failures = append(failures, a.Err)
		}
	}
	if len(failures) == len(answers) {
		return nil, fmt.Errorf("none of %d istiods could be asked: %w", len(answers), errors.Join(failures...))
	}
	return out, nil
}

func (w *waiting) lookAtIstiod(ctx context.Context, a istiod.Answer, out map[string]status.Proxy) error {
	proxies, err := status.Parse(a.Name(), a.Body)
	if err != nil {
		return err
	}
	for _, p := range proxies {
		out[p.Name] = p
	}
	known := w.istiods[a.Name()]
	if known == nil {
		known = &arrival.Istiod{}
		w.istiods[a.Name()], w.pods[a.Name()] = known, a.Istiod
	}
	seen := arrival.Look{At: w.e.now(), Newest: arrival.NewestPush(proxies), Listed: known.HasRead()}
	if metrics, err := w.control.Ask(ctx, a.Istiod, "/metrics"); err == nil {
		seen.Events, seen.Counted = arrival.Events(metrics)
	}
	if !seen.Listed {
		body, err := w.control.Ask(ctx, a.Istiod, "/debug/configz")
		if err != nil {
			return err
		}
		configz, err := arrival.ParseConfigz(body)
		if err != nil {
			return err
		}
		seen.Listed = !slices.ContainsFunc(w.changes, func(c arrival.Change) bool { return configz.Has(c) == arrival.Absent })
	}
	known.See(seen)
	return nil
}

// missing says why a proxy does not count as having the change, "" if it has it.
func (w *waiting) missing(ctx context.Context, p *awaited, s status.Proxy) (string, error) {
	if s.Name == "" {
		pod, err := w.cluster.ResolvePods(ctx, p.pod.Namespace, "pod/"+p.pod.Name)
		if p.gone = errors.As(err, new(kube.NoPodsError)) || err == nil && pod[0].DeletionTimestamp != nil; p.gone {
			return "", nil
		}
		return "it is connected to no istiod", err
	}
	p.Istiod = s.Istiod
	from := w.istiods[s.Istiod]
	behind, nonces, before := arrival.Behind(s), arrival.Nonces(s), p.nonces
	p.nonces = nonces
	switch {
	case behind != "":
		return behind, nil
	case !from.HasRead():
		return s.Istiod + " has not read " + w.changesText() + " yet", nil
	case p.pod.Labels["app"] == "ztunnel": // of which istiod has no dump to compare with
		return "", nil
	}
	body, err := w.control.Ask(ctx, w.pods[s.Istiod], "/debug/config_dump?proxyID="+url.QueryEscape(p.Proxy))
	if err != nil {
		return "", err
	}
	push, ok := arrival.PushOf(body)
	if !ok || !from.Covers(push) {
		return s.Istiod + " has not sent a configuration with it yet", nil
	}
	if w.o.what != waitDelivered && w.o.what != waitDelete {
		if nonces != before {
			return "it has acknowledged all, but istiod may still be sending", nil
		}
		return "", nil
	}
	return w.differing(ctx, p, body)
}

// differing compares what istiod would send with what the proxy has.
func (w *waiting) differing(ctx context.Context, p *awaited, sent []byte) (string, error) {
	would, err := dump.Read(bytes.NewReader(sent), diff.Reads)
	if err != nil {
		return "", fmt.Errorf("reading the dump of %s: %w", p.Istiod, err)
	}
	target, err := w.e.podTarget(p.pod)
	if err != nil {
		return "", err
	}
	has, err := target.read(ctx, diff.Reads)
	if err != nil {
		return "", err
	}
	result, err := diff.Compare(would, has, diff.Options{Dynamic: true})
	if err != nil || result.Equal() {
		return "", err
	}
	return "it has not what istiod would send: " + arrival.Differing(result), nil
}
