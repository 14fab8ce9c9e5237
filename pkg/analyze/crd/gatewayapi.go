package crd

import (
	"regexp"
	"strings"
)

// shortcut tells without CEL that a rule of the Gateway API holds for a value,
// as it does for nearly all. False means that CEL has to find out. The rules
// are long and many: CEL takes ten times as long for a route as all the rest
// of its check.
type shortcut func(v any) bool

var (
	fieldOnlyForType  = regexp.MustCompile(`^!\(has\(self\.(\w+)\) && self\.type != '(\w+)'\)$`)
	fieldNeededByType = regexp.MustCompile(`^!\(!has\(self\.(\w+)\) && self\.type == '(\w+)'\)$`)
	// amongItems compare the items of a list with each other.
	amongItems = regexp.MustCompile(`^self\.(?:filter\(f, f\.type == '\w+'\)\.size\(\) <= 1$|all\((?:p1|l1|t1), (?:!has\(l1\.\w+\) \|\| )?self\.(?:all|exists_one)\((?:p2|l2|t2), (?:has\(l2\.\w+\) && )?(?:p1|l1|t1)\.)`)
	filterWith = regexp.MustCompile(`self\.filters\.(?:exists_one|all)\(f, !?has\(f\.(\w+)\)`)
	// plainPath is a path that no rule on paths objects to.
	plainPath = regexp.MustCompile(`^/$|^(/[-A-Za-z0-9_]+)+/?$`)
)

// shortcutFor finds the shortcut for a rule, given without line breaks; nil if
// there is none.
func shortcutFor(rule string) shortcut {
	if m := fieldOnlyForType.FindStringSubmatch(rule); m != nil {
		return aboutObject(func(o map[string]any) bool { return o[m[1]] == nil || o["type"] == m[2] })
	}
	if m := fieldNeededByType.FindStringSubmatch(rule); m != nil {
		return aboutObject(func(o map[string]any) bool { return o[m[1]] != nil || o["type"] != m[2] })
	}
	switch {
	case amongItems.MatchString(rule):
		return aboutList(func(list []any) bool { return len(list) <= 1 })
	case strings.HasPrefix(rule, `(self.type in ['Exact','PathPrefix']) ? `):
		return aboutObject(func(o map[string]any) bool {
			value, _ := o["value"].(string)
			return plainPath.MatchString(value)
		})
	case rule == `self.type in ['Exact','PathPrefix'] || self.type == 'RegularExpression'`:
		return aboutObject(func(o map[string]any) bool { return o["type"] == "Exact" || o["type"] == "PathPrefix" })
	case rule == `(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true`:
		return aboutObject(func(o map[string]any) bool { return o["port"] != nil })
	case strings.HasPrefix(rule, `(self.size() > 0 ? `) && strings.HasSuffix(rule, ` <= 128`):
		return aboutList(func(rules []any) bool {
			return len(itemsWith(rules, "matches")) == len(rules) && countIn(rules, "matches") <= 128
		})
	case strings.HasPrefix(rule, `(has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters)`):
		return aboutObject(func(o map[string]any) bool { return len(itemsWith(o["backendRefs"], "filters")) == 0 })
	}
	if m := filterWith.FindStringSubmatch(rule); m != nil {
		return aboutObject(func(o map[string]any) bool { return len(itemsWith(o["filters"], m[1])) == 0 })
	}
	return nil
}

func aboutObject(holds func(map[string]any) bool) shortcut {
	return func(v any) bool {
		object, ok := v.(map[string]any)
		return ok && holds(object)
	}
}

func aboutList(holds func([]any) bool) shortcut {
	return func(v any) bool {
		list, ok := v.([]any)
		return ok && holds(list)
	}
}

// itemsWith are the items of a list that have a field.
func itemsWith(list any, field string) []map[string]any {
	var having []map[string]any
	items, _ := list.([]any)
	for _, item := range items {
		if object, _ := item.(map[string]any); object[field] != nil {
			having = append(having, object)
		}
	}
	return having
}

// countIn counts what is in the lists of that name in all items of a list.
func countIn(list []any, field string) (n int) {
	for _, item := range itemsWith(list, field) {
		inner, _ := item[field].([]any)
		n += len(inner)
	}
	return n
}
