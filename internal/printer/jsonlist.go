package printer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"iter"
)

// PrintJSONEach writes a list of values that are JSON already, as PrintJSON would, but one
// at a time: only the longest has to be held, not the list.
func PrintJSONEach[T ~[]byte](w io.Writer, values iter.Seq[T]) error {
	const step = "  "
	out := bufio.NewWriterSize(w, 64<<10)
	var one bytes.Buffer
	between := "[\n" + step
	for value := range values {
		one.Reset()
		if err := json.Indent(&one, value, step, step); err != nil {
			return err
		}
		if _, err := out.WriteString(between); err != nil {
			return err
		}
		if _, err := out.Write(one.Bytes()); err != nil {
			return err
		}
		between = ",\n" + step
	}
	end := "\n]\n"
	if between[0] == '[' {
		end = "[]\n"
	}
	if _, err := out.WriteString(end); err != nil {
		return err
	}
	return out.Flush()
}
