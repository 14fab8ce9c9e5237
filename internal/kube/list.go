package kube

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

const (
	pageSize       = 500 // objects in one answer, the API server's own advice
	requestsAtOnce = 8   // kinds listed in parallel
)

// ListOptions chooses what List reads.
type ListOptions struct {
	Namespace     string // "" is every namespace
	LabelSelector string
	FieldSelector string
	// MetadataOnly asks for names, labels and annotations only; the objects' JSON is a
	// PartialObjectMetadata without spec, under the object's own kind.
	MetadataOnly bool
	// Partial keeps what was read when some kinds cannot be: one that the API server
	// is unable to serve at present, or does not send within four fifths of the
	// time there is, is skipped.
	Partial bool
	// Slim leaves out metadata.managedFields, often half of an object's JSON.
	Slim bool
}

// Skipped is a kind that List could not read, and why: a NotServedError, or
// an *AccessError with reason Forbidden (with Partial also Unreachable), or
// another answer of the API server.
type Skipped struct {
	Kind schema.GroupKind
	Err  error
}

// List reads the objects of several kinds at once. Kinds that are not served
// or not allowed are reported and do not hide the others. The error says that
// the cluster could not be reached, or that nothing at all could be read.
func (c *Cluster) List(ctx context.Context, kinds []schema.GroupKind, o ListOptions) (*resource.Set, []Skipped, error) {
	lists := make([][]*resource.Object, len(kinds))
	failures := make([]error, len(kinds))
	listCtx, cancel := ctx, func() {}
	if o.Partial {
		listCtx, cancel = withinFourFifths(ctx)
	}
	defer cancel()
	work, workCtx := errgroup.WithContext(listCtx)
	work.SetLimit(requestsAtOnce)
	for i, gk := range kinds {
		work.Go(func() error {
			lists[i], failures[i] = c.listKind(workCtx, gk, o)
			var access *AccessError
			switch err := failures[i]; {
			case o.Partial && skippable(err) && ctx.Err() == nil:
				return nil
			case workCtx.Err() != nil, errors.As(err, &access) && access.Reason != Forbidden:
				return cmp.Or(err, workCtx.Err())
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, err
	}
	return gathered(kinds, lists, failures)
}

// gathered puts together what List has read of each kind.
func gathered(kinds []schema.GroupKind, lists [][]*resource.Object, failures []error) (*resource.Set, []Skipped, error) {
	set := resource.NewSet()
	var skipped []Skipped
	var forbidden, unavailable error
	allowed := len(kinds) == 0
	for i, gk := range kinds {
		var access *AccessError
		switch {
		case failures[i] == nil:
			set.Add(lists[i]...)
			allowed = true
			continue
		case errors.As(failures[i], &access) && access.Reason == Forbidden:
			forbidden = failures[i]
		case access != nil:
			unavailable = failures[i]
		}
		skipped = append(skipped, Skipped{gk, failures[i]})
	}
	if !allowed {
		return set, skipped, cmp.Or(forbidden, unavailable)
	}
	return set, skipped, nil
}

// listKind reads all objects of a kind.
func (c *Cluster) listKind(ctx context.Context, gk schema.GroupKind, o ListOptions) ([]*resource.Object, error) {
	kind, err := c.Kind(ctx, gk)
	if err != nil {
		return nil, err
	}
	objects, err := c.listPages(ctx, kind, o)
	if o.Partial && errors.Is(err, io.ErrUnexpectedEOF) { // the answer broke off
		objects, err = c.listPages(ctx, kind, o)
	}
	if apierrors.IsNotFound(err) { // its CRD went away since the kinds were read
		return nil, NotServedError{gk}
	}
	return objects, c.wrap(ctx, err, "listing %s%s", kind.Resource, where(kind, o.Namespace))
}

// withinFourFifths leaves a fifth of the time there is for what comes after.
func withinFourFifths(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)*4/5)
}

// skippable reports whether a kind could not be read although the API server
// itself may well be there.
func skippable(err error) bool {
	var access *AccessError
	var status apierrors.APIStatus
	return errors.As(err, &access) && access.Reason == Unreachable &&
		(errors.As(access.Err, &status) || errors.As(access.Err, new(timeoutError)) || errors.Is(err, io.ErrUnexpectedEOF))
}

func where(kind Kind, namespace string) string {
	switch {
	case !kind.Namespaced:
		return ""
	case namespace == "":
		return " in all namespaces"
	}
	return " in namespace " + namespace
}

// Each reads the objects of a kind page by page and hands them over one by
// one, so that no more than a page is held at a time. When pages expire
// between two requests the list starts again, and each sees objects twice.
func (c *Cluster) Each(ctx context.Context, gk schema.GroupKind, o ListOptions, each func(*resource.Object) error) error {
	kind, err := c.Kind(ctx, gk)
	if err != nil {
		return err
	}
	var failure error
	err = c.eachPage(ctx, kind, o, func(page []*resource.Object, _ bool) error {
		for _, object := range page {
			if failure = each(object); failure != nil {
				return failure
			}
		}
		return nil
	})
	if failure != nil {
		return failure
	}
	return c.wrap(ctx, err, "listing %s%s", kind.Resource, where(kind, o.Namespace))
}

// listPages reads a kind page by page.
func (c *Cluster) listPages(ctx context.Context, kind Kind, o ListOptions) ([]*resource.Object, error) {
	var objects []*resource.Object
	err := c.eachPage(ctx, kind, o, func(page []*resource.Object, first bool) error {
		if first {
			objects = nil
		}
		objects = append(slices.Grow(objects, len(page)), page...)
		return nil
	})
	return objects, err
}

// eachPage hands over the pages of a list; first says that it is the first one.
func (c *Cluster) eachPage(ctx context.Context, kind Kind, o ListOptions, each func(page []*resource.Object, first bool) error) error {
	query := map[string][]string{"limit": {strconv.Itoa(pageSize)}}
	if o.LabelSelector != "" {
		query["labelSelector"] = []string{o.LabelSelector}
	}
	if o.FieldSelector != "" {
		query["fieldSelector"] = []string{o.FieldSelector}
	}
	r := request{method: http.MethodGet, path: kind.path(o.Namespace), query: query}
	if o.MetadataOnly {
		r.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
	}
	for {
		page, next, err := c.page(ctx, kind, r, o.Slim)
		if apierrors.IsResourceExpired(err) && query["continue"] != nil {
			// The snapshot behind the pages is gone: start again, without pages.
			query["limit"] = nil
			delete(query, "continue")
			continue
		}
		if err == nil {
			err = each(page, query["continue"] == nil)
		}
		if err != nil || next == "" {
			return err
		}
		query["continue"] = []string{next}
	}
}

func (c *Cluster) page(ctx context.Context, kind Kind, r request, slim bool) ([]*resource.Object, string, error) {
	body, err := c.stream(ctx, r)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	return decodeList(body, kind, slim)
}

// Get reads one object; IsNotFound tells whether it does not exist.
func (c *Cluster) Get(ctx context.Context, gk schema.GroupKind, namespace, name string) (*resource.Object, error) {
	kind, err := c.Kind(ctx, gk)
	if err != nil {
		return nil, err
	}
	data, err := c.do(ctx, request{method: http.MethodGet, path: kind.path(namespace, name)})
	if err != nil {
		return nil, c.wrap(ctx, err, "reading %s", resource.Key{GroupKind: gk, Namespace: namespace, Name: name})
	}
	return decodeObject(data, kind)
}
