package analyze

import (
	"embed"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// examples hold, for each code that a single set of objects can give, what
// breaks in production, objects that give it, and the same objects repaired.
//
//go:embed codes/*.txtar
var examples embed.FS

// Example is a set of objects that gives a code, and one that does not.
type Example struct {
	Consequence string // what breaks in production
	Wrong       string // YAML
	Right       string // YAML; "" if it cannot be shown in a few lines
}

// ExampleOf is the example of a code; ok is false for codes that need more
// than objects, such as a second cluster.
func ExampleOf(code string) (e Example, ok bool) {
	text, err := examples.ReadFile("codes/" + code + ".txtar")
	if err != nil {
		return Example{}, false
	}
	archive := txtar.Parse(text)
	e.Consequence = strings.TrimSpace(string(archive.Comment))
	for _, f := range archive.Files {
		switch f.Name {
		case "wrong.yaml":
			e.Wrong = string(f.Data)
		case "right.yaml":
			e.Right = string(f.Data)
		}
	}
	return e, true
}

// Explain is a code's page in Markdown.
func Explain(c Code) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s\n\nLevel: %s\n\n%s\n", c.ID, c.Name, c.Level, c.Title)
	e, shown := ExampleOf(c.ID)
	if e.Consequence != "" {
		fmt.Fprintf(&b, "\n## What breaks\n\n%s\n", e.Consequence)
	}
	fmt.Fprintf(&b, "\n## What to do\n\n%s\n", c.Hint)
	if shown {
		fmt.Fprintf(&b, "\n## Example\n\nGives the finding:\n\n```yaml\n%s```\n", e.Wrong)
		if e.Right != "" {
			fmt.Fprintf(&b, "\nDoes not:\n\n```yaml\n%s```\n", e.Right)
		}
	}
	if strings.HasPrefix(c.ID, "IST") {
		fmt.Fprintf(&b, "\nSee also <%s>.\n", c.URL())
	}
	return b.String()
}
