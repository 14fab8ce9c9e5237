package resource

import (
	"strings"
	"testing"
)

// Each item is found with its own lines, and nothing of the ones around it.
func TestItemsOfAListAreFoundInItsText(t *testing.T) {
	const list = `# top
apiVersion: v1
kind: List
items:
# the first
- a: 1   # here
  b: |
    # not a comment

  # inside

# the second
-   c: 3
    d: [4,
       5]
- {e: 6}
# after
metadata: {}
`
	d := SplitDocuments([]byte(list))[0]
	found := d.List()
	if found == nil || len(found.Items) != 3 || !found.Metadata || !strings.HasPrefix(list[found.Start:], "items:") {
		t.Fatalf("found %+v", found)
	}
	items := found.Items
	for i, want := range []struct {
		text   string
		indent int
	}{
		{"a: 1   # here\n  b: |\n    # not a comment\n\n  # inside\n", 2},
		{"c: 3\n    d: [4,\n       5]\n", 4},
		{"{e: 6}\n", 2},
	} {
		if got := string(d.Body[items[i].From:items[i].To]); got != want.text || items[i].Indent != want.indent {
			t.Errorf("item %d: %q indented by %d, want %q by %d", i, got, items[i].Indent, want.text, want.indent)
		}
	}
}

func TestListGivesUpWhereAnItemCannotBeCutOut(t *testing.T) {
	for name, list := range map[string]string{
		"JSON":               `{"kind": "List", "items": [{"a": 1}]}`,
		"in brackets":        "kind: List\nitems: [{a: 1}]\n",
		"anchors":            "kind: List\nitems:\n- a: &x 1\n- b: *x\n",
		"a dash of its own":  "kind: List\nitems:\n-\n  a: 1\n",
		"no list":            "kind: Pod\n",
		"items in a mapping": "kind: List\nitems: {a: 1}\n",
		"nothing":            "",
		"indented":           "  kind: List\n  items:\n  - a: 1\n",
	} {
		if found := (Document{Body: []byte(list)}).List(); found != nil {
			t.Errorf("%s: found %+v", name, found)
		}
	}
	found := Document{Body: []byte("kind: List\nitems:\n- a: '&b'")}.List()
	if found == nil || found.Metadata || len(found.Items) != 1 || found.Items[0].To != 27 {
		t.Errorf("without a last line end: %+v", found)
	}
}
