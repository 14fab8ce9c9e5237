package crd

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/cel-go/cel"
)

// rule is a rule in CEL, of x-kubernetes-validations.
type rule struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`

	form    form
	quick   shortcut
	always  bool // it holds, whatever the value is
	program func() (cel.Program, error)
}

// form is what is known of a rule without evaluating it: it holds if at most
// so many of some fields are there. There are no fields if the rule says
// something else.
type form struct {
	fields []string
	most   int
}

var (
	// atMostOne is the form of the rules that exclude fields from each other.
	atMostOne = regexp.MustCompile(`^(\(has\(self\.\w+\) \? 1 : 0\)( \+ )?)+ <= 1$`)
	// onlyWith is the form of the rules that matter only if one of some fields is there.
	onlyWith = regexp.MustCompile(`^\(((?:has\(self\.\w+\)(?: \|\| )?)+)\) \? .* : true$`)
	hasField = regexp.MustCompile(`has\(self\.(\w+)\)`)
)

// prepare makes a decoded rule ready. One that compares with what an object was
// before an update says nothing of the object itself.
func (r *rule) prepare() {
	if strings.Contains(r.Rule, "oldSelf") {
		r.always = true
	}
	r.program = sync.OnceValues(func() (cel.Program, error) { return compile(r.Rule) })
	plain := strings.Join(strings.Fields(r.Rule), " ")
	r.quick = shortcutFor(plain)
	if condition := onlyWith.FindStringSubmatch(plain); condition != nil {
		plain = condition[1]
	} else if atMostOne.MatchString(plain) {
		r.form.most = 1
	} else {
		return
	}
	for _, m := range hasField.FindAllStringSubmatch(plain, -1) {
		r.form.fields = append(r.form.fields, m[1])
	}
}

// surelyHolds knows the few forms that nearly all rules have, because
// evaluating CEL costs more than all the rest of a check.
func (r *rule) surelyHolds(v any) bool {
	if r.always || r.quick != nil && r.quick(v) {
		return true
	}
	switch v := v.(type) {
	case int64:
		return r.Rule == `0 < self && self <= 65535` && 0 < v && v <= 65535
	case string:
		switch r.Rule {
		case `duration(self) >= duration('1ms')`:
			d, err := time.ParseDuration(v)
			return err == nil && d >= time.Millisecond
		case `!self.contains("*")`:
			return !strings.Contains(v, "*")
		case `self != "*"`:
			return v != "*"
		}
	case map[string]any:
		switch r.Rule {
		case `self.all(key, !key.contains("*"))`:
			return allKeys(v, func(key string) bool { return !strings.Contains(key, "*") })
		case `self.all(key, key.size() != 0)`:
			return allKeys(v, func(key string) bool { return key != "" })
		}
		present := 0
		for _, name := range r.form.fields {
			if _, ok := v[name]; ok {
				present++
			}
		}
		return len(r.form.fields) > 0 && present <= r.form.most
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
