package snapshot

import "bytes"

// redactBlocks takes out YAML's blocks of text under a telling name:
//
//	password: |
//	  hunter2
//	tokens:
//	- hunter3
func redactBlocks(text []byte) (out []byte, n int) {
	inside := -1 // the column of the name whose block this is
	list := false
	for line := range bytes.Lines(text) {
		blank := len(bytes.TrimSpace(line)) == 0
		if inside >= 0 && (blank || indent(line) > inside || list && indent(line) == inside && bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("- "))) {
			continue
		}
		inside = -1
		out = append(out, line...)
		name, style := blockOf(line)
		list = style == "" && isSecretList(string(name))
		if !list && (style == "" || !isSecretName(string(name))) {
			continue
		}
		inside = bytes.Index(line, name)
		out = append(append(out, bytes.Repeat([]byte(" "), inside+2)...), redacted...)
		out = append(out, '\n')
		n++
	}
	if n == 0 {
		return text, 0
	}
	return out, n
}

func indent(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// blockOf is NAME of a line "NAME: |" or "NAME:", whatever stands around it, and
// the style of its block. Of another line, both are empty.
func blockOf(line []byte) (name []byte, style string) {
	name, rest, ok := bytes.Cut(bytes.TrimLeft(line, " -"), []byte(":"))
	rest = bytes.TrimSpace(rest)
	if !ok || len(rest) > 3 || len(rest) > 0 && rest[0] != '|' && rest[0] != '>' {
		return nil, ""
	}
	return bytes.Trim(name, `"' `), string(rest)
}
