package printer

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func twoIssues() []Issue {
	return []Issue{
		{Code: "IST0101", Severity: SeverityError, Message: "gateway \"a,b\" does not exist\n100%", Title: "Something is missing.", Hint: "Create it.", URL: "https://example.com/x", Subject: "VirtualService shop/web", File: "mesh/web.yaml", Line: 7, Column: 3, Fingerprint: "f1"},
		{Code: "IST0102", Severity: SeverityNote, Message: "says nothing", Title: "A title.", Hint: "Label it.", URL: "https://example.com/y", Subject: "Namespace shop", Fingerprint: "f2"},
	}
}

// The schema is that of OASIS, without its descriptions.
func TestSARIFIsValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/sarif-2.1.0.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, issues := range [][]Issue{nil, twoIssues()} {
		var out strings.Builder
		if err := PrintSARIF(&out, "1.0", issues); err != nil {
			t.Fatal(err)
		}
		log, err := jsonschema.UnmarshalJSON(strings.NewReader(out.String()))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(log); err != nil {
			t.Errorf("%v in\n%s", err, out.String())
		}
		if got := strings.Count(out.String(), `"ruleId"`); got != len(issues) {
			t.Errorf("%d results for %d issues", got, len(issues))
		}
	}
}

func TestGitHubEscapesWhatWouldEndACommand(t *testing.T) {
	var out strings.Builder
	if err := PrintGitHub(&out, twoIssues()); err != nil {
		t.Fatal(err)
	}
	want := "::error title=IST0101 VirtualService shop/web,file=mesh/web.yaml,line=7,col=3::gateway \"a,b\" does not exist%0A100%25\n" +
		"::notice title=IST0102 Namespace shop::says nothing\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestJUnitCountsFailures(t *testing.T) {
	var out strings.Builder
	if err := PrintJUnit(&out, "meshctl analyze", twoIssues()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`tests="2" failures="1"`, `file="mesh/web.yaml" line="7"`, "<system-out>says nothing"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}

func TestGitLabHasAPlaceForEveryIssue(t *testing.T) {
	var out strings.Builder
	if err := PrintGitLab(&out, twoIssues()); err != nil {
		t.Fatal(err)
	}
	var report []gitlabIssue
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatal(err)
	}
	if report[0].Location != (gitlabLocation{"mesh/web.yaml", gitlabLines{7}}) || report[1].Location != (gitlabLocation{"Namespace shop", gitlabLines{1}}) {
		t.Errorf("got %+v", report)
	}
}
