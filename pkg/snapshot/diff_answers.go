package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// diffAnswers compares what a pod said of its version, certificates and
// configuration.
func diffAnswers(before, after *Archive, path string) ([]Change, error) {
	parts := strings.Split(path, "/") // pods/NAMESPACE/POD/PORT/NAME
	if len(parts) != 5 {
		return nil, nil
	}
	pod := "pod " + parts[1] + "/" + parts[2]
	field := ""
	var read func(io.Reader) (string, error)
	switch name := parts[4]; {
	case name == "config_dump@include_eds" || name == "config_dump":
		field, read = "proxy configuration", digest
	case name == "certs":
		field, read = "certificates", certificates
	case name == "server_info":
		field, read = "proxy version", fieldText("version")
	case name == "version":
		field, read = "istiod version", fieldText("version")
	default:
		return nil, nil
	}
	if !before.Has(path) || !after.Has(path) {
		return nil, nil // the pod's coming and going is an object's
	}
	var values [2]string
	for i, archive := range []*Archive{before, after} {
		in, err := archive.Open(path)
		if err != nil {
			return nil, err
		}
		values[i], err = read(in)
		in.Close()
		if err != nil {
			return nil, err
		}
	}
	if values[0] == values[1] {
		return nil, nil
	}
	change := Change{Change: "changed", What: pod, Field: field, Before: values[0], After: values[1]}
	if field == "proxy configuration" {
		change.Entry = path
	}
	return []Change{change}, nil
}

// digest identifies a text.
func digest(in io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:6]), nil
}

// certificates lists serial numbers and ends of what Envoy answers to /certs.
func certificates(in io.Reader) (string, error) {
	type certificate struct {
		Serial string `json:"serial_number"`
		Ends   string `json:"expiration_time"`
	}
	var page struct {
		Certificates []struct {
			Chain []certificate `json:"cert_chain"`
			Roots []certificate `json:"ca_cert"`
		} `json:"certificates"`
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return "", err
	}
	if json.Unmarshal(text, &page) != nil {
		return digest(bytes.NewReader(text))
	}
	known := map[string]bool{}
	note := func(kind string, list []certificate) {
		for _, c := range list {
			known[kind+" "+c.Serial+" until "+c.Ends] = true
		}
	}
	for _, c := range page.Certificates {
		note("leaf", c.Chain)
		note("root", c.Roots)
	}
	return strings.Join(sortedKeys(known), ", "), nil
}

// fieldText reads one field of a JSON object.
func fieldText(name string) func(io.Reader) (string, error) {
	return func(in io.Reader) (string, error) {
		var object map[string]any
		if err := json.NewDecoder(in).Decode(&object); err != nil {
			return "", nil // an answer that is no JSON has no version
		}
		text, _ := object[name].(string)
		return text, nil
	}
}
