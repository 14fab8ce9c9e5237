package install

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Live reads from a cluster what it has of the given objects. It gives them
// back for a comparison together with the live ones, which are cut down to the
// fields that the given ones have or that somebody has added: what the server
// adds by itself, and the labels of ownership, are no difference.
func Live(ctx context.Context, cluster Getter, objects []*Object) (given, live []*Object, err error) {
	found := make([]*Object, len(objects))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for i, o := range objects {
		group.Go(func() error {
			raw, err := cluster.Get(groupCtx, o.groupKind(), o.Namespace, o.Name)
			if missing(err) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("comparing %s: %w", o.ID(), err)
			}
			found[i], err = liveObject(raw)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for i, o := range objects {
		content, err := o.Content()
		if err != nil {
			return nil, nil, err
		}
		plain := *o
		plain.content, plain.text = withoutNoise(content), ""
		given = append(given, &plain)
		if found[i] == nil {
			continue
		}
		plain.content = yieldToControlPlane(plain.content, found[i].content)
		cut := *found[i]
		cut.APIVersion, cut.Component = o.APIVersion, o.Component
		pattern, err := withFieldsByHand(plain.content, found[i].content)
		if err != nil {
			return nil, nil, fmt.Errorf("comparing %s: %w", o.ID(), err)
		}
		cut.content, _ = restrictTo(withoutNoise(found[i].content), pattern).(map[string]any)
		live = append(live, &cut)
	}
	return given, live, nil
}

// restrictTo keeps of a tree what a pattern has fields for. What a list has more
// is kept: it was added.
func restrictTo(tree, pattern any) any {
	switch pattern := pattern.(type) {
	case map[string]any:
		m, ok := tree.(map[string]any)
		if !ok {
			return tree
		}
		out := map[string]any{}
		for key, inner := range pattern {
			value, has := m[key]
			switch {
			case has && sameQuantity(value, inner), !has && inner == "":
				out[key] = inner // written otherwise by the server
			case has:
				out[key] = restrictTo(value, inner)
			}
		}
		return out
	case []any:
		list, ok := tree.([]any)
		if !ok {
			return tree
		}
		return restrictList(list, pattern)
	}
	return tree
}

// restrictList restricts the elements of a list, found by their names where they
// have any.
func restrictList(list, pattern []any) []any {
	key := listKey(list, pattern)
	if key == "" && len(list) != len(pattern) {
		return list
	}
	out := make([]any, len(list))
	for i, element := range list {
		other := i
		if key != "" {
			other = slices.IndexFunc(pattern, func(p any) bool { return elementName(p, key) == elementName(element, key) })
		}
		if out[i] = element; other >= 0 {
			out[i] = restrictTo(element, pattern[other])
		}
	}
	return out
}

// sameQuantity compares amounts of CPU and memory: 2048Mi is 2Gi.
func sameQuantity(a, b any) bool {
	x, ok := a.(string)
	y, alsoText := b.(string)
	if !ok || !alsoText || x == y {
		return false
	}
	p, errP := resource.ParseQuantity(x)
	q, errQ := resource.ParseQuantity(y)
	return errP == nil && errQ == nil && p.Cmp(q) == 0
}
