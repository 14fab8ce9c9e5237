package proxyconfig

import (
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// decoded is a resource with the fields that a view looks at.
type decoded[T any] struct {
	Resource dump.Resource
	Value    T
}

// decodeAll decodes resources on all processors and keeps their order.
func decodeAll[T any](resources []dump.Resource) ([]decoded[T], error) {
	out := make([]decoded[T], len(resources))
	workers := runtime.GOMAXPROCS(0)
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(resources); i += workers {
				out[i].Resource = resources[i]
				if err := xds.Decode(resources[i].Body, &out[i].Value); err != nil {
					return inResource(resources[i], err)
				}
			}
			return nil
		})
	}
	return out, g.Wait()
}

// inResource says which resource an error is about.
func inResource(r dump.Resource, err error) error {
	return fmt.Errorf("%s %q at %s: %w", r.Section, r.Name(), r.Pointer, err)
}

// emptyError is a section that is there, but has nothing in it.
type emptyError struct{ section dump.Section }

func (e emptyError) Error() string { return fmt.Sprintf("the dump has no %ss", e.section) }
