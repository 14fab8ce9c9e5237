package install

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestValuesTable makes values.schema anew from the protobuf file that comes
// with the charts' module, so that an upgrade of the charts shows here.
func TestValuesTable(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil {
		t.Fatalf("asking for the charts' module: %v", err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "operator/pkg/apis/values_types.proto"))
	if err != nil {
		t.Fatal(err)
	}
	want := valuesTableFrom(string(source))
	if *update {
		if err := os.WriteFile("values.schema", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, valuesTable); diff != "" {
		t.Errorf("values.schema is out of date, run go test -update (-proto +table):\n%s", diff)
	}
}

// valuesTableFrom turns the protobuf text into the table.
func valuesTableFrom(source string) string {
	messages, enums := map[string][][]string{}, map[string][]string{}
	field := regexp.MustCompile(`^(repeated )?(map<.*>|[\w.]+) (\w+) = \d+.*?(?:json_name = "([^"]+)".*)?;`)
	var message, enum string
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "//"):
		case strings.HasPrefix(line, "message "):
			message = strings.Fields(line)[1]
		case strings.HasPrefix(line, "enum "):
			enum = strings.Fields(line)[1]
		case line == "}":
			enum = ""
		case enum != "":
			if name, _, ok := strings.Cut(line, " = "); ok {
				enums[enum] = append(enums[enum], name)
			}
		default:
			if m := field.FindStringSubmatch(line); m != nil {
				messages[message] = append(messages[message], m)
			}
		}
	}
	var b strings.Builder
	writeMessage(&b, "Values", "", messages, enums)
	return b.String()
}

func writeMessage(b *strings.Builder, name, indent string, messages map[string][][]string, enums map[string][]string) {
	for _, f := range messages[name] {
		repeated, kind, original, jsonName := f[1] != "", f[2], f[3], f[4]
		if jsonName == "" {
			jsonName = camelCase(original)
		}
		names := jsonName
		if original != jsonName {
			names += "," + original
		}
		if _, ok := messages[kind]; ok && kind != "IntOrString" {
			open := "{"
			if repeated {
				open = "[{"
			}
			b.WriteString(indent + names + " " + open + "\n")
			writeMessage(b, kind, indent+"  ", messages, enums)
			continue
		}
		word := tableWord(kind, original, enums)
		if repeated {
			word = "[]" + word
		}
		b.WriteString(indent + names + " " + word + "\n")
	}
}

func tableWord(kind, name string, enums map[string][]string) string {
	if names, ok := enums[kind]; ok {
		return "enum:" + strings.Join(names, "|")
	}
	switch kind {
	case "string":
		return "string"
	case "bool", "google.protobuf.BoolValue":
		return "bool"
	case "int32", "int64", "uint32", "uint64":
		return "int"
	case "double":
		return "number"
	case "IntOrString":
		return "intorstring"
	case "google.protobuf.Duration":
		return "duration"
	case "google.protobuf.Struct":
		return "map"
	case "map<string, string>":
		if name == "limits" || name == "requests" {
			return "quantities"
		}
		return "strings"
	}
	return "any"
}

func camelCase(name string) string {
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}
