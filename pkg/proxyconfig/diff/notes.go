package diff

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// attribute says where endpoints came from: from what their cluster came from.
func (c *comparison) attribute(a, b *dump.Dump) {
	var clusters map[string][]*dump.Resource
	for i := range c.result.Resources {
		r := &c.result.Resources[i]
		if r.Kind != dump.Endpoints.String() || len(r.Objects) > 0 {
			continue
		}
		if clusters == nil {
			clusters = map[string][]*dump.Resource{}
			for _, d := range []*dump.Dump{a, b} {
				list := d.List(dump.Clusters)
				for j := range list {
					clusters[list[j].Name()] = append(clusters[list[j].Name()], &list[j])
				}
			}
		}
		owner := ""
		for _, cluster := range clusters[r.Name] {
			if n, err := parse(cluster.Body); err == nil {
				owner = max(owner, ownerOf("", n))
			}
		}
		if owner == "" {
			continue
		}
		r.Objects = []string{owner}
		for j := range r.Changes {
			r.Changes[j].Object = owner
		}
	}
}

// noteProblems tells of updates that a proxy rejected: it still has what it had.
func (c *comparison) noteProblems(which string, d *dump.Dump) {
	for _, section := range dump.Sections() {
		for _, r := range d.List(section) {
			if r.Problem == nil {
				continue
			}
			var problem struct {
				Details string `json:"details"`
			}
			if xds.Decode(r.Problem, &problem) != nil || problem.Details == "" {
				continue
			}
			c.result.Notes = append(c.result.Notes,
				fmt.Sprintf("%s proxy rejected the last update of %s %s: %s", which, section, r.Name(), problem.Details))
		}
	}
}

// compareNotes compares version and time, which are noise unless asked for.
func (c *comparer) compareNotes(a, b *dump.Resource) {
	quoted := func(text string) jsontext.Value {
		out, _ := jsontext.AppendQuote(nil, text)
		return out
	}
	if a.Version != b.Version {
		c.add(Change{Op: Changed, Path: "(version_info)", Before: quoted(a.Version), After: quoted(b.Version)})
	}
	if a.Updated != b.Updated {
		c.add(Change{Op: Changed, Path: "(last_updated)", Before: quoted(a.Updated), After: quoted(b.Updated)})
	}
}
