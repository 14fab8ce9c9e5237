package crd

import (
	"slices"
	"strings"
)

// combinations checks a value against schemas of which all, any, one or none
// must hold.
func (c *checker) combinations(at *place, v any, n *node) {
	for _, part := range n.AllOf {
		if !holds(v, part) {
			c.wrongf(at, "the value is not allowed here%s", fieldsOf("; it must fit all of: ", part))
		}
	}
	if len(n.AnyOf) > 0 && holding(v, n.AnyOf) == 0 {
		c.wrongf(at, "the value is not allowed here%s", fieldsOf("; needed is one of: ", n.AnyOf...))
	}
	if len(n.OneOf) > 0 {
		switch holding(v, n.OneOf) {
		case 0:
			c.wrongf(at, "the value is not allowed here%s", fieldsOf("; needed is exactly one of: ", n.OneOf...))
		case 1:
		default:
			c.wrongf(at, "more than one kind of value is given%s", fieldsOf("; only one may be of: ", n.OneOf...))
		}
	}
	if n.Not != nil && holds(v, n.Not) {
		c.wrongf(at, "the value is not allowed here%s", fieldsOf("; it excludes: ", n.Not))
	}
}

func holding(v any, parts []*node) int {
	count := 0
	for _, part := range parts {
		if holds(v, part) {
			count++
		}
	}
	return count
}

// holds reports whether a value fits a schema inside a combination. What such
// a schema does not name is allowed.
func holds(v any, n *node) bool {
	c := &checker{partial: true}
	c.value(nil, v, n)
	return len(c.wrong) == 0
}

// fieldsOf names the fields that schemas in a combination ask for, if they do.
func fieldsOf(introduction string, parts ...*node) string {
	var names []string
	var collect func(n *node)
	collect = func(n *node) {
		if n == nil {
			return
		}
		for _, name := range n.Required {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, list := range [][]*node{n.AllOf, n.AnyOf, n.OneOf, {n.Not}} {
			for _, part := range list {
				collect(part)
			}
		}
	}
	for _, part := range parts {
		collect(part)
	}
	if len(names) == 0 {
		return ""
	}
	return introduction + strings.Join(names, ", ")
}
