package main

import (
	"context"
	"fmt"
	"time"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
)

// stillThereError is an object that was not deleted in time.
type stillThereError struct{ key resource.Key }

func (e stillThereError) Error() string { return fmt.Sprintf("%s is still in the cluster", e.key) }

// waitDeleted waits until objects are gone from the cluster. It gives them as they were when
// they were last seen, in the cluster or in a file: that says for which proxies they were.
func waitDeleted(ctx context.Context, cluster *kube.Cluster, wanted []waitedObject) ([]*resource.Object, error) {
	var out []*resource.Object
	for _, one := range wanted {
		last, err := waitGone(ctx, cluster, one)
		if err != nil {
			return nil, err
		}
		out = append(out, last)
	}
	return out, nil
}

func waitGone(ctx context.Context, cluster *kube.Cluster, one waitedObject) (*resource.Object, error) {
	last := one.object
	for {
		object, err := waitGet(ctx, cluster, one.Key)
		switch {
		case kube.IsNotFound(err) && last != nil:
			if last.Namespace == "" { // in a file
				last.Namespace = one.Namespace
			}
			return last, nil
		case kube.IsNotFound(err):
			key := one.Key
			if dotted, ok := namespaceBehindDot(key); ok {
				key = dotted
			}
			return &resource.Object{Key: key}, nil // nothing is known of it: it may have been for all
		case ctx.Err() != nil && last != nil:
			return nil, stillThereError{last.Key}
		case err != nil:
			return nil, err
		}
		last = object
		select {
		case <-ctx.Done():
		case <-time.After(waitInterval):
		}
	}
}
