package analyze

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Record is a finding in the form that JSON and YAML show. The first fields
// are those of the peer, so that scripts written for it keep working.
type Record struct {
	Code             string `json:"code"`
	DocumentationURL string `json:"documentationUrl"`
	Level            Level  `json:"level"`
	Message          string `json:"message"`
	Origin           string `json:"origin"`
	Reference        string `json:"reference,omitempty"` // file:line

	Name        string `json:"name,omitempty"`
	Kind        string `json:"kind,omitempty"`
	APIVersion  string `json:"apiVersion,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
	Column      int    `json:"column,omitempty"`
	Field       string `json:"field,omitempty"`
	Title       string `json:"title"`
	Hint        string `json:"hint,omitempty"`
	Fix         *Fix   `json:"fix,omitempty"`
	Analyzer    string `json:"analyzer,omitempty"`
	Fingerprint string `json:"fingerprint"`
}

// Records are all findings in the form that is printed; never nil.
func Records(findings []Finding) []Record {
	records := make([]Record, len(findings))
	for i, f := range findings {
		records[i] = f.Record()
	}
	return records
}

// Record is the finding in the form that is printed.
func (f Finding) Record() Record {
	code, _ := Lookup(f.Code)
	r := Record{
		Code: f.Code, DocumentationURL: code.URL(), Level: f.Level, Message: f.Message, Origin: f.subject(),
		Reference: f.Origin.String(), File: f.Origin.File, Line: f.Origin.Line, Column: f.Origin.Column,
		Field: f.Field.String(), Title: code.Title, Hint: f.Hint, Fix: f.Fix, Analyzer: f.Analyzer, Fingerprint: f.Fingerprint(),
	}
	if o := f.Object; o != nil {
		r.Name, r.Kind, r.Namespace, r.APIVersion = o.Name, o.Kind, o.Namespace, o.APIVersion()
	}
	return r
}

// Fingerprint identifies a finding across runs. It does not change when the
// object moves to another line or file.
func (f Finding) Fingerprint() string {
	subject := f.subject()
	if subject == "" {
		subject = f.Origin.File
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Code, subject, f.Field.String(), f.Message}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// URL is the page that explains the code.
func (c Code) URL() string {
	if strings.HasPrefix(c.ID, "IST") {
		return "https://istio.io/latest/docs/reference/config/analysis/" + strings.ToLower(c.ID) + "/"
	}
	return "https://github.com/meshctl/meshctl/blob/main/docs/analysis/" + c.ID + ".md"
}
