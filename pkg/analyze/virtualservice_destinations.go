package analyze

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

// routeDestination is a destination of a VirtualService and where it stands.
type routeDestination struct {
	*networking.Destination
	field  resource.FieldPath // of the destination
	mirror bool
}

// destinations lists the destinations of all routes and mirrors. A route
// without a destination counts as one to nowhere.
func destinations(vs *networking.VirtualService) []routeDestination {
	var all []routeDestination
	add := func(d *networking.Destination, mirror bool, field ...any) {
		if d == nil {
			d = &networking.Destination{}
		}
		all = append(all, routeDestination{d, path(field...), mirror})
	}
	for i, r := range vs.GetTcp() {
		for j, d := range r.GetRoute() {
			add(d.GetDestination(), false, "spec", "tcp", i, "route", j, "destination")
		}
	}
	for i, r := range vs.GetTls() {
		for j, d := range r.GetRoute() {
			add(d.GetDestination(), false, "spec", "tls", i, "route", j, "destination")
		}
	}
	for i, r := range vs.GetHttp() {
		for j, d := range r.GetRoute() {
			add(d.GetDestination(), false, "spec", "http", i, "route", j, "destination")
		}
		if r.GetMirror() != nil {
			add(r.GetMirror(), true, "spec", "http", i, "mirror")
		}
		for j, d := range r.GetMirrors() {
			add(d.GetDestination(), true, "spec", "http", i, "mirrors", j, "destination")
		}
	}
	return all
}
