package validation

import (
	"errors"
	"fmt"
	"strings"
)

// headerValue checks a value in Envoy's format: text with commands such as
// %REQ(x)% or %DYNAMIC_METADATA(["a", "b"])%, where %% is a percent sign.
// Which commands exist is not looked at.
func headerValue(value string) error {
	for i := range len(value) {
		if c := value[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return fmt.Errorf("the value %q of a header has control characters", value)
		}
	}
	for rest := value; ; {
		_, command, found := strings.Cut(rest, "%")
		if !found {
			return nil
		}
		if literal, escaped := strings.CutPrefix(command, "%"); escaped {
			rest = literal
			continue
		}
		end, err := endOfCommand(command)
		if err != nil {
			return fmt.Errorf("the value %q of a header: %w", value, err)
		}
		rest = command[end:]
	}
}

var errUnclosed = errors.New("a %COMMAND% is not closed; write %% for a real percent sign")

// endOfCommand is the position after the command at the start of s, whose
// opening percent sign has been read.
func endOfCommand(s string) (int, error) {
	name := strings.IndexAny(s, "%(")
	switch {
	case name < 0:
		return 0, errUnclosed
	case s[name] == '%':
		return name + 1, nil
	}
	end, err := endOfArguments(s, name+1)
	if err != nil {
		return 0, err
	}
	return expect(s, end, '%')
}

// endOfArguments reads free text, or a list of strings in square brackets,
// and the bracket that closes the arguments.
func endOfArguments(s string, at int) (int, error) {
	at = skipBlanks(s, at)
	if at < len(s) && s[at] == '[' {
		var err error
		if at, err = expect(s, at+1, '"'); err != nil {
			return 0, err
		}
	} else {
		at++ // whatever the first byte is, it belongs to the text
	}
	for {
		end, quoted, err := endOfText(s, at)
		if err != nil || !quoted {
			return end, err
		}
		end = skipBlanks(s, end)
		if end < len(s) && s[end] == ']' {
			return expect(s, end+1, ')')
		}
		if end, err = expect(s, end, ','); err != nil {
			return 0, err
		}
		if at, err = expect(s, end, '"'); err != nil {
			return 0, err
		}
	}
}

// endOfText reads up to an unescaped quote or closing bracket.
func endOfText(s string, at int) (end int, quoted bool, err error) {
	for ; at < len(s); at++ {
		switch s[at] {
		case '\\':
			at++
		case '"':
			return at + 1, true, nil
		case ')':
			return at + 1, false, nil
		}
	}
	return 0, false, errUnclosed
}

// expect reads c, and blanks before it.
func expect(s string, at int, c byte) (int, error) {
	at = skipBlanks(s, at)
	switch {
	case at >= len(s):
		return 0, errUnclosed
	case s[at] != c:
		return 0, fmt.Errorf("expected %q instead of %q in a %%COMMAND%%", c, s[at])
	}
	return at + 1, nil
}

func skipBlanks(s string, at int) int {
	for at < len(s) && s[at] == ' ' {
		at++
	}
	return at
}
