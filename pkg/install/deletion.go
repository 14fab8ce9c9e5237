package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// sortForDeletion puts objects into the safe order of deletion.
func sortForDeletion(objects []*Object) {
	position := map[string]int{}
	for i, kind := range deletionOrder() {
		position[kind.String()] = i
	}
	slices.SortStableFunc(objects, func(a, b *Object) int {
		return cmp.Or(
			cmp.Compare(position[a.groupKind().String()], position[b.groupKind().String()]),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
		)
	})
}

// deleteAll deletes objects one after the other, in the order given, and goes on
// after a failure: what can go, goes.
func deleteAll(ctx context.Context, cluster Deleter, objects []*Object, report func(Event)) error {
	var failures []error
	for _, o := range objects {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(failures, context.Cause(ctx))...)
		}
		if err := cluster.Delete(ctx, o.groupKind(), o.Namespace, o.Name); err != nil && !missing(err) {
			failures = append(failures, fmt.Errorf("deleting %s: %w", o.ID(), err))
			continue
		}
		report(Event{Type: Deleted, Component: o.Component, Object: o.ID()})
	}
	return errors.Join(failures...)
}
