package crd

import (
	"regexp"
	"strings"
	"time"

	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

// atMostOne is the form of the rules that exclude fields from each other.
var (
	atMostOne = regexp.MustCompile(`^(\(has\(self\.\w+\) \? 1 : 0\)( \+ )?)+ <= 1$`)
	hasField  = regexp.MustCompile(`has\(self\.(\w+)\)`)
	// onlyWith is the form of the rules that matter only if one of some fields is there.
	onlyWith = regexp.MustCompile(`^\(((?:has\(self\.\w+\)(?: \|\| )?)+)\) \? .* : true$`)
)

// holds reports whether the rules of a schema surely hold for a value. It
// knows the few forms that nearly all rules have, because evaluating CEL costs
// more than all the rest of a check.
func (f *fit) holds(v any, s *structural.Structural) bool {
	for _, rule := range s.XValidations {
		if !f.ruleHolds(rule.Rule, v) {
			return false
		}
	}
	return true
}

func (f *fit) ruleHolds(rule string, v any) bool {
	switch v := v.(type) {
	case int64:
		return rule == `0 < self && self <= 65535` && 0 < v && v <= 65535
	case string:
		switch rule {
		case `duration(self) >= duration('1ms')`:
			d, err := time.ParseDuration(v)
			return err == nil && d >= time.Millisecond
		case `!self.contains("*")`:
			return !strings.Contains(v, "*")
		case `self != "*"`:
			return v != "*"
		}
	case map[string]any:
		switch rule {
		case `self.all(key, !key.contains("*"))`:
			return allKeys(v, func(key string) bool { return !strings.Contains(key, "*") })
		case `self.all(key, key.size() != 0)`:
			return allKeys(v, func(key string) bool { return key != "" })
		}
		fields := f.fieldsOf(rule)
		present := 0
		for _, name := range fields.names {
			if _, ok := v[name]; ok {
				present++
			}
		}
		return len(fields.names) > 0 && present <= fields.most
	}
	return false
}

func allKeys(m map[string]any, holds func(string) bool) bool {
	for key := range m {
		if !holds(key) {
			return false
		}
	}
	return true
}

// ruleFields are fields of which so many at most may be there for a rule to
// hold without a closer look.
type ruleFields struct {
	names []string
	most  int
}

// fieldsOf reads a rule about which fields are there; it has no names if the
// rule says something else.
func (f *fit) fieldsOf(rule string) ruleFields {
	if known, ok := f.rules.Load(rule); ok {
		return known.(ruleFields)
	}
	var fields ruleFields
	plain := strings.Join(strings.Fields(rule), " ")
	if condition := onlyWith.FindStringSubmatch(plain); condition != nil {
		plain = condition[1]
	} else if atMostOne.MatchString(plain) {
		fields.most = 1
	} else {
		plain = ""
	}
	for _, m := range hasField.FindAllStringSubmatch(plain, -1) {
		fields.names = append(fields.names, m[1])
	}
	f.rules.Store(rule, fields)
	return fields
}
