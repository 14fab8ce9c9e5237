package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/test/lab"
)

// freshLab gives a lab without a mesh. Installations change the whole cluster,
// so their tests do not share the lab of the package; they take turns on a few
// others, beside the tests of other labs, and each leaves its lab as it was
// found. It must be a test's first call.
func freshLab(t *testing.T) *lab.Lab {
	t.Helper()
	t.Parallel()
	empty := <-emptyLabs
	t.Cleanup(func() { emptyLabs <- empty })
	if empty.lab == nil {
		var err error
		// The lab lives longer than the test that asks first; TestMain's process
		// ends it.
		if empty.lab, err = lab.Start(context.Background(), lab.Options{Talk: os.Stderr}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
		defer cancel()
		out, err := command(ctx, empty.lab.Kubeconfig, "uninstall", "--purge", "--include-crds", "--force", "--yes").CombinedOutput()
		if err != nil {
			t.Errorf("cleaning the lab: %v\n%s", err, out)
		}
	})
	return empty.lab
}

// emptyLab is a lab without a mesh, nil until somebody needs it.
type emptyLab struct{ lab *lab.Lab }

// emptyLabs are those that nobody uses at the moment. Three keep two cores busy,
// since an installation mostly waits.
var emptyLabs = func() chan *emptyLab {
	labs := make(chan *emptyLab, 3)
	for range cap(labs) {
		labs <- &emptyLab{}
	}
	return labs
}()

// ownLab gives a test a lab of its own, without a mesh, beside the tests of
// other labs. It must be a test's first call.
func ownLab(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	t.Parallel()
	l, err := lab.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// snapshot gives all objects of a cluster by kind and name, less what changes
// without anybody having done something.
func snapshot(t *testing.T, l *lab.Lab) map[string]string {
	t.Helper()
	config, err := l.Config()
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := discovery.ServerPreferredResources(discovery.NewDiscoveryClientForConfigOrDie(config))
	if err != nil {
		t.Fatal(err)
	}
	client := dynamic.NewForConfigOrDie(config)
	all := map[string]string{}
	for _, list := range kinds {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range list.APIResources {
			if !slices.Contains(kind.Verbs, "list") || restless(gv.Group, kind.Name) {
				continue
			}
			objects, err := client.Resource(gv.WithResource(kind.Name)).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatalf("listing %s: %v", kind.Name, err)
			}
			for _, o := range objects.Items {
				id := fmt.Sprintf("%s.%s %s/%s", kind.Name, gv.Group, o.GetNamespace(), o.GetName())
				if strings.HasPrefix(o.GetName(), "lab-user-") {
					continue
				}
				all[id] = stable(t, &o)
			}
		}
	}
	return all
}

// restless kinds change all the time: heartbeats, events, what is measured.
func restless(group, name string) bool {
	return group == "events.k8s.io" || group == "kwok.x-k8s.io" || group == "coordination.k8s.io" ||
		name == "events" || name == "nodes" || name == "endpointslices" || name == "endpoints" ||
		name == "apiservices" || name == "ipaddresses" || name == "servicecidrs" || name == "componentstatuses"
}

func stable(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	delete(o.Object, "status")
	for _, field := range []string{"resourceVersion", "managedFields", "generation"} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	data, err := json.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// differences lists what one snapshot has and the other has not, or otherwise.
func differences(before, after map[string]string) []string {
	var all []string
	for id, content := range before {
		switch now, ok := after[id]; {
		case !ok:
			all = append(all, "gone: "+id)
		case now != content:
			all = append(all, "changed: "+id+"\n  before "+content+"\n  after  "+now)
		}
	}
	for id := range after {
		if _, ok := before[id]; !ok {
			all = append(all, "new: "+id)
		}
	}
	slices.Sort(all)
	return all
}

// eventually waits for a condition of a cluster.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		time.Sleep(200 * time.Millisecond) // between two looks at the condition
	}
}

// applyAs applies manifests under the name of another tool.
func applyAs(t *testing.T, l *lab.Lab, manager, manifests string) {
	t.Helper()
	config, err := l.Config()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := lab.ParseYAML([]byte(manifests))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.InstallIstio(t.Context(), []byte("{apiVersion: v1, kind: ConfigMap, metadata: {name: first, namespace: istio-system}}")); err != nil {
		t.Fatal(err)
	}
	mapper := restMapper(t, config)
	client := dynamic.NewForConfigOrDie(config)
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			t.Fatal(err)
		}
		var target dynamic.ResourceInterface = client.Resource(mapping.Resource)
		if o.GetNamespace() != "" {
			target = client.Resource(mapping.Resource).Namespace(o.GetNamespace())
		}
		if _, err := target.Apply(t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: manager, Force: true}); err != nil {
			t.Fatal(err)
		}
	}
}

func restMapper(t *testing.T, config *rest.Config) meta.RESTMapper {
	t.Helper()
	groups, err := restmapper.GetAPIGroupResources(discovery.NewDiscoveryClientForConfigOrDie(config))
	if err != nil {
		t.Fatal(err)
	}
	return restmapper.NewDiscoveryRESTMapper(groups)
}
