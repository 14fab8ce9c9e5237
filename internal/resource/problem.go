package resource

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Problem is a part of the input that could not be read. The rest of the
// input is read all the same.
type Problem struct {
	Origin  Origin
	Message string
	// Repeated says that it is a key given twice. The object was read, with
	// the last value; everything else that is a problem makes it unreadable.
	Repeated bool
}

// Error is "file:line: message".
func (p *Problem) Error() string {
	if p.Origin.File == "" {
		return p.Message
	}
	return p.Origin.String() + ": " + p.Message
}

func problemf(at Origin, format string, args ...any) *Problem {
	return &Problem{Origin: at, Message: fmt.Sprintf(format, args...)}
}

// yamlLine is how the YAML library writes positions into its messages. They
// count from the start of the document, so they are moved to the file's lines.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

// YAMLProblem turns an error of the YAML library into a Problem at the line
// of the file, given the line on which the document starts.
func YAMLProblem(file string, firstLine int, err error) *Problem {
	message := strings.ReplaceAll(err.Error(), "\n", " ")
	at := Origin{File: file, Line: firstLine}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = message[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			at.Line = firstLine + n - 1
		}
	}
	if message == "found character that cannot start any token" {
		message += " (a tab? YAML is indented by blanks)"
	}
	return problemf(at, "not valid YAML: %s", message)
}
