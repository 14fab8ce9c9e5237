package proxyconfig

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func secretView() View {
	return View{
		Name: "secret", Aliases: []string{"secrets", "s"},
		Short: "Show the certificates: until when they are valid, and for whom; never a key",
		Reads: dump.Secrets,
		Rows:  secretRows,
	}
}

// secretRows has a row for each certificate or trust bundle, those that the proxy
// still waits for first.
func secretRows(d *dump.Dump, f Filter) (Report, error) {
	if err := d.Need(dump.Secrets); err != nil {
		return Report{}, err
	}
	var held []dump.Resource
	for _, state := range []dump.State{dump.Warming, dump.Active, dump.Static} {
		for _, r := range d.List(dump.Secrets) {
			if r.State == state {
				held = append(held, r)
			}
		}
	}
	all, err := decodeAll[xds.Secret](held)
	if err != nil {
		return Report{}, err
	}
	r := Report{Data: entries(d, dump.Secrets)}
	domains := true
	var certs []certificate
	for _, s := range all {
		for _, c := range certificates(s.Value) {
			c.name, c.state = s.Resource.Name(), s.Resource.State.String()
			if s.Resource.State == dump.Active && s.Resource.Version == "uninitialized" {
				c.state = "UNINITIALIZED"
			}
			certs = append(certs, c)
			domains = domains && c.trustDomain != ""
		}
	}
	if len(certs) == 0 {
		r.Notes = append(r.Notes, "the proxy has no secrets")
		domains = false
	}
	r.Columns = columns("RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE")
	if domains { // of use only where all have one, as in a federation
		r.Columns = append(r.Columns, columns("TRUST DOMAIN")...)
	}
	r.Columns = append(r.Columns, wide("DAYS LEFT", "NAMES", "CHAIN", "ISSUER")...)
	for _, c := range certs {
		row := []string{c.name, c.kind, c.state, strconv.FormatBool(c.validAt(f.Now)), c.serial, c.notAfter(), c.notBefore()}
		if domains {
			row = append(row, c.trustDomain)
		}
		r.Rows = append(r.Rows, slices.Concat(row, c.more(f.Now)))
		r.Names = append(r.Names, "secret/"+c.name)
	}
	return r, nil
}

// more are the cells of the wide table.
func (c certificate) more(now time.Time) []string {
	if c.leaf == nil {
		return []string{"", "", "", ""}
	}
	days := int(c.leaf.NotAfter.Sub(now).Hours() / 24)
	return []string{strconv.Itoa(days), strings.Join(c.names(), ","), strconv.Itoa(c.chain), c.leaf.Issuer.String()}
}
