package dump

import "github.com/go-json-experiment/json/jsontext"

// element reads one entry of a list: a resource with its version and time. An
// entry of dynamic_listeners has up to three states, each with a listener.
func (r *reader) element(l list, at string) error {
	res := Resource{Section: l.section, State: l.state}
	var name string
	var problem jsontext.Value
	var states []Resource
	err := r.members(func(field string) (err error) {
		folded := fold(field)
		state, isState := listenerStates(field)
		switch {
		case folded == l.inner:
			res.Body, err = r.value()
			res.Pointer = at + "/" + pointer(field)
		case isState:
			inner, err := r.listenerState(l, state, at+"/"+pointer(field))
			states = append(states, inner)
			return err
		case folded == "name":
			name, err = r.text()
		case folded == "versioninfo":
			res.Version, err = r.text()
		case folded == "lastupdated":
			res.Updated, err = r.text()
		case folded == "errorstate":
			problem, err = r.value()
		default:
			err = r.skip()
		}
		return err
	})
	for _, one := range append(states, res) {
		// Only these entries have a name beside the resource; the resource of a
		// secret or filter may lack it.
		if l.section&(Secrets|ECDS|Listeners) != 0 {
			one.name = name
		}
		one.Problem = problem
		r.add(one)
	}
	return err
}

// listenerState reads active_state, warming_state or draining_state.
func (r *reader) listenerState(l list, state State, at string) (Resource, error) {
	res := Resource{Section: l.section, State: state}
	err := r.members(func(field string) (err error) {
		switch fold(field) {
		case l.inner:
			res.Body, err = r.value()
			res.Pointer = at + "/" + pointer(field)
		case "versioninfo":
			res.Version, err = r.text()
		case "lastupdated":
			res.Updated, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
	return res, err
}

// loose reads a member of an element of configs that is itself an entry, as
// /config_dump?resource=dynamic_active_clusters prints them.
func (r *reader) loose(field, at string) error {
	section := map[string]Section{
		"cluster": Clusters, "routeconfig": Routes, "secret": Secrets,
		"endpointconfig": Endpoints, "ecdsfilter": ECDS, "listener": Listeners,
	}[fold(field)]
	if state, ok := listenerStates(field); ok && r.want.Has(Listeners) {
		res, err := r.listenerState(list{section: Listeners, inner: "listener"}, state, at)
		r.add(res)
		return err
	}
	if section == 0 || !r.want.Has(section) {
		return r.skip()
	}
	body, err := r.value()
	r.add(Resource{Section: section, State: Active, Body: body, Pointer: at})
	return err
}
