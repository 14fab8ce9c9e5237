package install

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// TagOptions describe a revision tag that is to be set.
type TagOptions struct {
	Tag       string
	Revision  string
	Namespace string // of the control plane
	Charts    Charts
	// Overwrite moves a tag that exists already.
	Overwrite bool
	// Webhook overrides the name of the webhook configuration.
	Webhook string
	// AutoInject injects into all namespaces that do not opt out.
	AutoInject bool
}

// TagChange is what setting a tag comes to.
type TagChange struct {
	Tag      string `json:"tag"`
	Revision string `json:"revision"`
	// Before is the revision that the tag pointed at, "" for a new tag.
	Before string `json:"before,omitempty"`
	// Namespaces whose new pods get the proxy of the new revision.
	Namespaces []string `json:"namespaces"`
	// Webhooks says what becomes of each webhook configuration.
	Webhooks []string  `json:"webhooks"`
	Objects  []*Object `json:"-"`
	// Disabled is the webhook configuration of the revision "default" that a tag
	// "default" takes the namespaces from, nil if there is none.
	Disabled *Object `json:"-"`
}

// PlanTag checks a tag and makes its objects, on the pattern of the revision's
// own injection webhook: where it leads to, and which certificate it trusts.
func PlanTag(ctx context.Context, cluster Lister, o TagOptions) (*TagChange, error) {
	if problems := validation.IsDNS1123Label(o.Tag); len(problems) > 0 {
		return nil, &InputError{Err: fmt.Errorf("%q cannot be a tag: %s", o.Tag, problems[0])}
	}
	revisions, err := ReadRevisions(ctx, cluster)
	if err != nil {
		return nil, err
	}
	canonical := revisions.Webhooks[o.Revision]
	if canonical == nil {
		return nil, &InputError{Err: fmt.Errorf("there is no revision %q to point at; the cluster has: %s",
			o.Revision, orNone(sortedKeys(revisions.Webhooks)))}
	}
	if _, clash := revisions.Installed[o.Tag]; clash && o.Tag != defaultRevision {
		return nil, &InputError{Err: fmt.Errorf("%q is the name of a revision; a tag needs a name of its own", o.Tag)}
	}
	change := &TagChange{Tag: o.Tag, Revision: o.Revision, Namespaces: append([]string{}, revisions.Namespaces[o.Tag]...)}
	for _, t := range revisions.Tags {
		if t.Tag == o.Tag {
			change.Before = t.Revision
		}
	}
	if change.Before != "" && change.Before != o.Revision && !o.Overwrite {
		return nil, &InputError{Err: fmt.Errorf("tag %s points at revision %s; --overwrite moves it", o.Tag, change.Before)}
	}
	if change.Objects, err = tagObjects(ctx, canonical, o); err != nil {
		return nil, err
	}
	if own := revisions.Webhooks[defaultRevision]; o.Tag == defaultRevision && own != nil {
		change.Disabled = own
	}
	change.Webhooks, err = webhookEffects(ctx, cluster, change)
	return change, err
}

// webhookEffects says for each webhook configuration of a tag where its requests
// go, and where they went before.
func webhookEffects(ctx context.Context, cluster Lister, change *TagChange) ([]string, error) {
	live, err := cluster.List(ctx, clusterKinds()[:2], tagLabel+"="+change.Tag)
	if err != nil {
		return nil, fmt.Errorf("reading the webhooks of tag %s: %w", change.Tag, err)
	}
	before := map[string]string{}
	for _, found := range live {
		o, err := liveObject(found)
		if err != nil {
			return nil, err
		}
		before[o.ID()] = webhookTarget(o.content)
	}
	effects := []string{}
	for _, o := range change.Objects {
		if o.Kind != "MutatingWebhookConfiguration" && o.Kind != "ValidatingWebhookConfiguration" {
			continue
		}
		text := fmt.Sprintf("%s sends requests to %s", o.ID(), webhookTarget(o.content))
		if old := before[o.ID()]; old != "" && old != webhookTarget(o.content) {
			text += " instead of " + old
		}
		effects = append(effects, text)
	}
	if change.Disabled != nil {
		effects = append(effects, change.Disabled.ID()+" injects no more: the tag takes its namespaces")
	}
	return effects, nil
}

// webhookTarget names where the first webhook leads to.
func webhookTarget(content map[string]any) string {
	if service := webhookService(content); service != "" {
		return "Service " + service
	}
	hooks := lookupMaps(content, "webhooks")
	if len(hooks) == 0 {
		return "nobody"
	}
	return lookupString(hooks[0], "clientConfig", "url")
}

// tagObjects renders the webhook configuration and the service of a tag, and for
// the tag "default" the validating webhook too.
func tagObjects(ctx context.Context, canonical *Object, o TagOptions) ([]*Object, error) {
	hook := injectionHook(canonical.content)
	if hook == nil {
		return nil, fmt.Errorf("reading %s: it has no injection webhook", canonical.ID())
	}
	settings := []Setting{
		{Text: "components.pilot.enabled=true"},
		{Text: "values.revisionTags[0]=" + o.Tag, String: true},
		{Text: "values.global.istioNamespace=" + o.Namespace, String: true},
		{Text: fmt.Sprintf("values.sidecarInjectorWebhook.enableNamespacesByDefault=%v", o.AutoInject)},
	}
	if address := lookupString(hook, "clientConfig", "url"); address != "" {
		settings = append(settings, Setting{Text: "values.istiodRemote.injectionURL=" + address, String: true})
	}
	if policy := lookupString(hook, "reinvocationPolicy"); policy != "" {
		settings = append(settings, Setting{Text: "values.sidecarInjectorWebhook.reinvocationPolicy=" + policy, String: true})
	}
	config, err := Resolve(Input{Charts: o.Charts, Profile: "empty", Revision: o.Revision, Settings: settings})
	if err != nil {
		return nil, err
	}
	rendering, err := Render(ctx, config, RenderOptions{
		Components: []string{"Pilot"},
		Templates:  []string{"revision-tags-mwc.yaml", "revision-tags-svc.yaml"},
	})
	if err != nil {
		return nil, err
	}
	objects := rendering.Objects
	if o.Tag == defaultRevision {
		validator, err := defaultValidator(ctx, config, o, hook)
		if err != nil {
			return nil, err
		}
		objects = append(objects, validator...)
	}
	for _, object := range objects {
		adoptFrom(canonical, hook, object)
		if o.Webhook != "" && object.Kind == "MutatingWebhookConfiguration" {
			object.Name = o.Webhook
			put(object.content, o.Webhook, "metadata", "name")
		}
	}
	return objects, nil
}

// defaultValidator renders the validating webhook of the default revision,
// which is a chart of its own.
func defaultValidator(ctx context.Context, c *Config, o TagOptions, hook map[string]any) ([]*Object, error) {
	loaded, err := c.charts.load(ctx, component{name: "default", chart: "default"})
	if err != nil {
		return nil, err
	}
	values := Values{"global": Values{"istioNamespace": o.Namespace}}
	if o.Revision != defaultRevision {
		values["revision"] = o.Revision
	}
	if address := lookupString(hook, "clientConfig", "url"); address != "" {
		target, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("reading the address of the injection webhook: %w", err)
		}
		target.Path = "/validate"
		put(values, target.String(), "base", "validationURL")
	}
	texts, _, err := helmRender(loaded, values, o.Namespace, "", c.charts.trusted())
	if err != nil {
		return nil, err
	}
	var found []*Object
	for _, text := range texts {
		objects, err := parseObjects("Pilot", text)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			if object.Kind == "ValidatingWebhookConfiguration" {
				found = append(found, object)
			}
		}
	}
	return found, nil
}

// injectionHook finds the webhook that injects, nil if there is none.
func injectionHook(content map[string]any) map[string]any {
	for _, m := range lookupMaps(content, "webhooks") {
		if strings.HasSuffix(lookupString(m, "name"), "sidecar-injector.istio.io") {
			return m
		}
	}
	return nil
}

// adoptFrom gives a tag's object what the revision's webhook has: the trusted
// certificate and the service that answers. A tag is the user's own: it carries
// no label of ownership, so that no installation prunes it.
func adoptFrom(canonical *Object, hook map[string]any, o *Object) {
	for _, m := range lookupMaps(o.content, "webhooks") {
		if bundle := lookupString(hook, "clientConfig", "caBundle"); bundle != "" {
			put(m, bundle, "clientConfig", "caBundle")
		}
		service := lookupMap(m, "clientConfig", "service")
		if name := lookupString(hook, "clientConfig", "service", "name"); name != "" && service != nil {
			service["name"] = name
			if path := lookupString(hook, "clientConfig", "service", "path"); path != "" && o.Kind == "MutatingWebhookConfiguration" {
				service["path"] = path
			}
		}
	}
	labels := Values{}
	if o.Kind != "Service" {
		maps.Copy(labels, lookupMap(canonical.content, "metadata", "labels"))
	}
	maps.Copy(labels, lookupMap(o.content, "metadata", "labels"))
	for key := range labels {
		if strings.Contains(key, "operator.istio.io/") {
			delete(labels, key)
		}
	}
	put(o.content, labels, "metadata", "labels")
}

// SetTag applies a tag. If it takes the place of the default revision's own
// webhook, that one is made to match nothing, so that no pod is injected twice.
func SetTag(ctx context.Context, cluster Cluster, change *TagChange) error {
	if change.Disabled != nil {
		content := neutralized(change.Disabled.content)
		if _, err := cluster.Apply(ctx, content, ApplyOptions{Force: true}); err != nil {
			return fmt.Errorf("taking the default namespaces from %s: %w", change.Disabled.ID(), err)
		}
	}
	for _, o := range change.Objects {
		if _, err := cluster.Apply(ctx, o.content, ApplyOptions{Force: true}); err != nil {
			return fmt.Errorf("setting tag %s: applying %s: %w", change.Tag, o.ID(), err)
		}
	}
	return nil
}

// neutralized gives a webhook configuration whose webhooks match nothing.
func neutralized(content map[string]any) map[string]any {
	out := withoutNoise(content)
	never := Values{"matchLabels": Values{"istio.io/deactivated": "never-match"}}
	live := lookupMaps(content, "webhooks")
	for i, hook := range lookupMaps(out, "webhooks") {
		hook["namespaceSelector"], hook["objectSelector"] = clone(never), clone(never)
		if bundle := lookupString(live[i], "clientConfig", "caBundle"); bundle != "" {
			put(hook, bundle, "clientConfig", "caBundle")
		}
	}
	return out
}

// FindTag gives the objects of a tag, in the safe order of deletion, and the
// namespaces that use it.
func FindTag(ctx context.Context, cluster Lister, tag string) (objects []*Object, namespaces []string, err error) {
	revisions, err := ReadRevisions(ctx, cluster)
	if err != nil {
		return nil, nil, err
	}
	kinds := append(clusterKinds()[:2:2], (&Object{APIVersion: "v1", Kind: "Service"}).groupKind())
	found, err := cluster.List(ctx, kinds, tagLabel+"="+tag)
	if err != nil {
		return nil, nil, fmt.Errorf("reading tag %s: %w", tag, err)
	}
	for _, live := range found {
		o, err := liveObject(live)
		if err != nil {
			return nil, nil, err
		}
		objects = append(objects, o)
	}
	if len(objects) == 0 {
		var names []string
		for _, t := range revisions.Tags {
			names = append(names, t.Tag)
		}
		return nil, nil, &InputError{Err: fmt.Errorf("there is no tag %q; the cluster has: %s", tag, orNone(names))}
	}
	sortForDeletion(objects)
	return objects, revisions.Namespaces[tag], nil
}
