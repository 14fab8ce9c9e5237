package ztunnel

import (
	"cmp"
	"math/big"
	"net"
	"strconv"
	"strings"
	"time"
)

type certificate struct {
	Identity string `json:"identity"`
	State    string `json:"state"`
	Chain    []cert `json:"certChain"`
	Root     []cert `json:"rootCerts"`
}

type cert struct {
	Serial  string `json:"serialNumber"`
	From    string `json:"validFrom"`
	Expires string `json:"expirationTime"`
}

func certificates(d *Dump, f Filter) Report {
	r := Report{
		Columns: []string{"CERTIFICATE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE"},
		Data:    raws(d.Certificates),
	}
	add := func(cells ...string) {
		r.Rows = append(r.Rows, cells)
		r.Names = append(r.Names, "certificate/"+cells[0])
	}
	for _, i := range d.Certificates {
		c := i.value
		if strings.Contains(c.State, "Unavailable") {
			c.State = "Unavailable"
		}
		if len(c.Chain) == 0 {
			add(c.Identity, "NA", c.State, "false", "NA", "NA", "NA")
		}
		for n, one := range c.Chain {
			kind := "Intermediate"
			if n == 0 {
				kind = "Leaf"
			} else if n == len(c.Chain)-1 && len(c.Root) == 0 {
				kind = "Root" // which older versions had at the end of the chain
			}
			add(one.row(c, kind, f.Now)...)
		}
		for _, one := range c.Root {
			add(one.row(c, "Root", f.Now)...)
		}
	}
	return r
}

func (c cert) row(of certificate, kind string, now time.Time) []string {
	from, errFrom := time.Parse(time.RFC3339, c.From)
	to, errTo := time.Parse(time.RFC3339, c.Expires)
	valid := errFrom == nil && errTo == nil && now.After(from) && now.Before(to)
	serial := c.Serial
	if number, ok := new(big.Int).SetString(serial, 10); ok {
		serial = number.Text(16)
	}
	return []string{of.Identity, kind, of.State, strconv.FormatBool(valid), serial, cmp.Or(c.Expires, "NA"), cmp.Or(c.From, "NA")}
}

// state is what ztunnel does for one workload of its node.
type state struct {
	Info struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"info"`
	Connections struct {
		Inbound  []connection `json:"inbound"`
		Outbound []connection `json:"outbound"`
	} `json:"connections"`
}

type connection struct {
	Src         string `json:"src"`
	OriginalDst string `json:"originalDst"`
	ActualDst   string `json:"actualDst"`
	Protocol    string `json:"protocol"`
}

func connections(d *Dump, f Filter) Report {
	shown := keep(d.States, func(s state) bool { return f.Namespace == "" || strings.EqualFold(f.Namespace, s.Info.Namespace) },
		func(a, b state) int {
			return cmp.Or(cmp.Compare(a.Info.Namespace, b.Info.Namespace), cmp.Compare(a.Info.Name, b.Info.Name))
		})
	r := Report{Columns: []string{"WORKLOAD", "DIRECTION", "LOCAL", "REMOTE", "REMOTE TARGET", "PROTOCOL"}, Data: raws(shown)}
	known := d.names(f.Raw)
	for _, i := range shown {
		s := i.value
		name := s.Info.Name + "." + s.Info.Namespace
		add := func(cells ...string) {
			r.Rows = append(r.Rows, append([]string{name}, cells...))
			r.Names = append(r.Names, "connection/"+name)
		}
		if f.Direction == "" || strings.EqualFold(f.Direction, "inbound") {
			for _, c := range s.Connections.Inbound {
				add("Inbound", known(c.ActualDst), known(c.Src), c.OriginalDst, c.Protocol)
			}
		}
		if f.Direction == "" || strings.EqualFold(f.Direction, "outbound") {
			for _, c := range s.Connections.Outbound {
				add("Outbound", known(c.Src), known(c.ActualDst), known(c.OriginalDst), c.Protocol)
			}
		}
	}
	return r
}

// names puts the name of a workload or service in the place of its address.
func (d *Dump) names(raw bool) func(string) string {
	names := map[string]string{}
	for _, w := range d.Workloads {
		for _, ip := range w.value.IPs {
			names[ip] = w.value.Name + "." + w.value.Namespace
		}
	}
	for _, s := range d.Services {
		for _, vip := range s.value.VIPs {
			names[address(vip)] = s.value.Hostname
		}
	}
	return func(text string) string {
		host, port, err := net.SplitHostPort(text)
		if name, ok := names[host]; ok && err == nil && !raw {
			return net.JoinHostPort(name, port)
		}
		return text
	}
}
