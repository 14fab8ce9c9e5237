package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/pkg/proxyconfig"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// proxyCase is an entry of commands.json.
type proxyCase struct {
	ID       string   `json:"id"`
	Args     []string `json:"args"`
	File     string   `json:"file"`
	ExitCode int      `json:"exit_code"`
	Expected string   `json:"expected"`
}

// TestProxyConfig asks every dump of the corpus for every view and compares rows and
// data with those of the peer.
func TestProxyConfig(t *testing.T) {
	root := filepath.Join(corpus(t), "proxyconfig")
	passed, deviating, total := 0, 0, 0
	used := map[string]bool{}
	for _, dir := range cases(t, root) {
		var entries []proxyCase
		readJSON(t, filepath.Join(dir, "expected", "commands.json"), &entries)
		for _, c := range entries {
			if c.Args == nil {
				continue // mistakes in the command line: tested with the command
			}
			total++
			name := filepath.Base(dir) + " " + strings.Join(c.Args, " ")
			difference := compareProxyCase(t, dir, c)
			deviation := proxyDeviation(filepath.Base(dir), c)
			switch {
			case difference == "":
				passed++
			case deviation != "":
				deviating++
				used[deviation] = true
			default:
				t.Errorf("%s: %s", name, difference)
			}
		}
	}
	for _, d := range proxyDeviations {
		if !used[d.reason] {
			t.Errorf("no case deviates any more because %s", d.reason)
		}
	}
	t.Logf("proxyconfig: %d of %d equal, %d deviations with a reason", passed, total, deviating)
}

// deviation is a way in which meshctl means to differ from the peer.
type deviation struct {
	reason string
	dumps  string // regular expressions over the whole text
	args   string
}

var proxyDeviations = []deviation{
	{"a dump of Envoy's v2 API is read; the peer fails with a syntax error", "istio-2018|istio-2020", ".*"},
	{"endpoints that the dump does not have are an error which says how to get them; the peer shows none", ".*", "(endpoint|eds)( .*)?"},
	{"everything that the dump has is shown, and what is missing is said; the peer stops at the first missing section", ".*", "all( .*)?"},
	{"a bootstrap section by itself is read; the peer wants a whole dump", "istio-bootstrapdump", "bootstrap.*"},
	{"fields that the peer does not know are kept: the data is the proxy's own", "synthetic-unknown-fields", "cluster -o json"},
	{"types that the peer does not know are kept: the data is the proxy's own", "synthetic-unknown-any", "cluster -o json"},
}

func proxyDeviation(dump string, c proxyCase) string {
	for _, d := range proxyDeviations {
		if regexp.MustCompile("^(?:"+d.dumps+")$").MatchString(dump) &&
			regexp.MustCompile("^(?:"+d.args+")$").MatchString(strings.Join(c.Args, " ")) {
			return d.reason
		}
	}
	return ""
}

// compareProxyCase gives the difference in words, "" for none.
func compareProxyCase(t *testing.T, dir string, c proxyCase) string {
	filter, format := parseProxyArgs(t, c.Args[1:])
	if len(c.Args) == 1 && c.Args[0] == "bootstrap" {
		format = "json"
	}
	parts, err := proxyReports(filepath.Join(dir, c.File), c.Args[0], filter, format)
	if c.ExitCode != 0 {
		if err != nil {
			return ""
		}
		if c.Args[0] == "all" && c.Expected != "" {
			got := gotRows(parts, "all")
			for _, row := range wantRows(readText(t, filepath.Join(dir, "expected", c.Expected)), "all") {
				if !slices.Contains(got, row) {
					t.Errorf("%s %s: row %q is missing", dir, c.ID, row)
				}
			}
		}
		return "no error; the peer has one"
	}
	if err != nil {
		return "error: " + err.Error()
	}
	want := readText(t, filepath.Join(dir, "expected", c.Expected))
	if format == "table" {
		return cmp.Diff(wantRows(want, c.Args[0]), gotRows(parts, c.Args[0]))
	}
	return compareData(t, c.Args[0], want, parts[0].Data())
}

func proxyReports(file, view string, f proxyconfig.Filter, format string) ([]proxyconfig.Report, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if format != "table" && format != "json" && format != "yaml" {
		return nil, fmt.Errorf("format %q", format)
	}
	if view == "all" {
		d, err := dump.Read(in, proxyconfig.OverviewReads(format != "table"))
		if err != nil {
			return nil, err
		}
		if format != "table" {
			whole := bytes.Join(slices.Collect(d.Text.JSON(dump.Redact)), nil)
			return []proxyconfig.Report{{Data: func() any { return json.RawMessage(whole) }}}, nil
		}
		var out []proxyconfig.Report
		_, err = proxyconfig.Overview(d, f, func(p proxyconfig.Part) error {
			out = append(out, p.Report)
			return nil
		})
		return out, err
	}
	views := proxyconfig.Views()
	v := views[slices.IndexFunc(views, func(v proxyconfig.View) bool { return v.Name == view })]
	d, err := dump.Read(in, v.Reads)
	if err != nil {
		return nil, err
	}
	report, err := v.Rows(d, f)
	return []proxyconfig.Report{report}, err
}

// parseProxyArgs reads the flags that the corpus uses.
func parseProxyArgs(t *testing.T, args []string) (f proxyconfig.Filter, format string) {
	format = "table"
	// The corpus was made then; certificates expire.
	f.Now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for flag, value := range peerFlags(args, "--verbose", "--with-headers") {
		switch flag {
		case "--verbose":
			f.Brief = value == "false"
		case "--with-headers":
		case "-o":
			if format = value; value == "short" {
				format = "table"
			}
		case "--fqdn":
			f.FQDN = value
		case "--port":
			port, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			f.Port = port
		case "--subset":
			f.Subset = value
		case "--direction":
			f.Direction = value
		case "--address":
			f.Address = value
		case "--type":
			f.Type = value
		case "--name":
			f.Name = value
		case "--cluster":
			f.Cluster = value
		case "--status":
			f.Status = value
		default:
			t.Fatalf("the corpus has a new flag %s", flag)
		}
	}
	return f, format
}

// gotRows writes rows without the blanks between cells, in a fixed order.
func gotRows(parts []proxyconfig.Report, view string) []string {
	out := []string{}
	for _, r := range parts {
		for _, line := range r.Lines {
			out = append(out, squeeze(line))
		}
		for _, row := range r.Rows {
			var cells []string
			for j, cell := range row {
				if !r.Columns[j].Wide {
					cells = append(cells, cell)
				}
			}
			out = append(out, squeeze(strings.Join(cells, " ")))
		}
	}
	if view == "route" || view == "all" {
		slices.Sort(out)
	}
	return out
}

var nameTwice = regexp.MustCompile(`^(cluster/\S+) cluster/`)

// wantRows takes the titles off the peer's tables.
func wantRows(text, view string) []string {
	out := []string{}
	for line := range strings.Lines(text) {
		line = squeeze(line)
		if view == "all" { // the peer overwrites the host with the name
			line = nameTwice.ReplaceAllString(line, "$1 ")
		}
		first, _, _ := strings.Cut(line, " ")
		if line == "" || slices.Contains([]string{"NAME", "SERVICE", "ADDRESSES", "RESOURCE", "ECDS", "ENDPOINT"}, first) ||
			strings.HasPrefix(line, "------") || strings.HasPrefix(line, "No active or warming") {
			continue
		}
		out = append(out, line)
	}
	if view == "route" || view == "all" {
		slices.Sort(out)
	}
	return out
}

func squeeze(line string) string { return strings.Join(strings.Fields(line), " ") }

// compareData compares parsed data. The peer leaves out what has its default value.
func compareData(t *testing.T, view, want string, got any) string {
	var left, right any
	if err := yaml.Unmarshal([]byte(want), &left); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &right); err != nil {
		t.Fatal(err)
	}
	if view == "route" {
		sortByName(left)
		sortByName(right)
	}
	return cmp.Diff(withoutDefaults(left), withoutDefaults(right))
}

// sortByName makes a set of a list: the peer's order of routes is no order.
func sortByName(v any) {
	list, _ := v.([]any)
	slices.SortStableFunc(list, func(a, b any) int {
		return strings.Compare(fmt.Sprint(a.(map[string]any)["name"]), fmt.Sprint(b.(map[string]any)["name"]))
	})
}

func isDefault(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == nil || v == false || v == "" || v == 0.0
}

func withoutDefaults(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			inner = withoutDefaults(inner)
			if isDefault(inner) || strings.HasPrefix(k, "hiddenEnvoyDeprecated") {
				continue
			}
			out[k] = inner
		}
		return out
	case []any:
		out := []any{}
		for _, inner := range v {
			out = append(out, withoutDefaults(inner))
		}
		return out
	}
	return v
}
