package install

import (
	"fmt"
	"strings"
)

// Problem is one mistake in an input.
type Problem struct {
	// Path is the field, from "spec." on; "" if no field is to blame.
	Path string `json:"path,omitempty"`
	// Origin is where it was written: "iop.yaml:12" or the flag.
	Origin  string `json:"origin,omitempty"`
	Message string `json:"message"`
	// Hint says what to write instead.
	Hint string `json:"hint,omitempty"`

	keys    []string // Path in pieces
	against []string // the field that it contradicts
}

func (p Problem) String() string {
	var b strings.Builder
	if p.Origin != "" {
		b.WriteString(p.Origin + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// InputError says that the input cannot be used as it is: the user has to
// change a file or a flag. It has either Problems or Err.
type InputError struct {
	Problems []Problem
	Err      error
}

func (e *InputError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	if len(e.Problems) == 1 {
		return e.Problems[0].String()
	}
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = "  " + p.String()
	}
	return fmt.Sprintf("%d problems in the input:\n%s", len(lines), strings.Join(lines, "\n"))
}

func (e *InputError) Unwrap() error { return e.Err }
