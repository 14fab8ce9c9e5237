package inject

import (
	"strconv"
	"strings"
)

// splitKey cuts "key: value"; value is "" if the value stands below.
func splitKey(line string) (key, value string, ok bool) {
	if line[0] == '"' || line[0] == '\'' {
		var rest string
		key, rest = quoted(line)
		if rest == "" || rest[0] != ':' {
			return "", "", false
		}
		value = rest[1:]
	} else {
		end := strings.Index(line, ": ")
		if end < 0 {
			if !strings.HasSuffix(line, ":") {
				return "", "", false
			}
			end = len(line) - 1
		}
		key, ok = plain(line[:end]).(string)
		if !ok || strings.Contains(key, " #") || strings.HasSuffix(key, " ") {
			panic(giveUp{})
		}
		value = line[end+1:]
	}
	if value != "" && value[0] != ' ' || len(line)-len(value) > longKey {
		panic(giveUp{})
	}
	value = strings.TrimLeft(value, " ")
	if value != "" && value[0] == '#' {
		value = ""
	}
	return key, value, true
}

// flowReader reads {..} and [..], which may go over several lines.
type flowReader struct{ text string }

// maxFlowDepth bounds nesting; the library has to see what is deeper.
const maxFlowDepth = 20

func (f *flowReader) collection(depth int) any {
	if depth > maxFlowDepth {
		panic(giveUp{})
	}
	open := f.text[0]
	f.text = f.text[1:]
	m, list := map[string]any{}, []any{}
	for {
		f.space()
		switch {
		case f.text == "":
			panic(giveUp{})
		case open == '{' && f.text[0] == '}':
			f.text = f.text[1:]
			return m
		case open == '[' && f.text[0] == ']':
			f.text = f.text[1:]
			return list
		}
		start := len(f.text)
		v := f.value(depth)
		if open == '{' {
			key, ok := v.(string)
			if !ok || start-len(f.text) > longKey || !strings.HasPrefix(f.text, ": ") {
				panic(giveUp{})
			}
			f.text = f.text[2:]
			f.space()
			m[key] = f.value(depth)
		} else {
			list = append(list, v)
		}
		f.space()
		switch {
		case strings.HasPrefix(f.text, ","):
			f.text = f.text[1:]
		case strings.HasPrefix(f.text, "}"), strings.HasPrefix(f.text, "]"):
		default:
			panic(giveUp{})
		}
	}
}

func (f *flowReader) value(depth int) any {
	if f.text == "" {
		panic(giveUp{})
	}
	switch f.text[0] {
	case '{', '[':
		return f.collection(depth + 1)
	case '"', '\'':
		text, rest := quoted(f.text)
		f.text = rest
		return text
	}
	end := strings.IndexAny(f.text, ",{}[]\n\"'#")
	if colon := strings.Index(f.text, ": "); colon >= 0 && colon < end {
		end = colon
	}
	if end <= 0 {
		panic(giveUp{})
	}
	text := strings.TrimRight(f.text[:end], " ")
	if strings.ContainsFunc(text, func(r rune) bool { return !isLetter(byte(r)) && !strings.ContainsRune("0123456789_./-", r) }) {
		panic(giveUp{})
	}
	f.text = f.text[end:]
	return plain(text)
}

// space skips blanks and line ends. Comments are left to the library.
func (f *flowReader) space() { f.text = strings.TrimLeft(f.text, " \n") }

// quoted reads a quoted string on one line and gives what stands behind it.
func quoted(text string) (value, rest string) {
	if text[0] == '\'' {
		end := strings.IndexByte(text[1:], '\'') + 1
		if end == 0 || strings.HasPrefix(text[end+1:], "'") || strings.Contains(text[:end], "\n") {
			panic(giveUp{})
		}
		return text[1:end], text[end+1:]
	}
	end := strings.IndexAny(text[1:], "\"\\\n") + 1
	if end == 0 || text[end] != '"' {
		panic(giveUp{})
	}
	return text[1:end], text[end+1:]
}

// plain gives the value of a scalar without quotes.
func plain(text string) any {
	if text == "" {
		panic(giveUp{})
	}
	switch first := text[0]; {
	case text == "true":
		return true
	case text == "false":
		return false
	case isLetter(first), first == '_', first == '/', first == '$', first == '(':
		if isWord(text) {
			panic(giveUp{})
		}
		return text
	case first == '-' && len(text) > 1 && (text[1] == '-' && text != "---" || isLetter(text[1])):
		return text
	case first >= '0' && first <= '9':
		if first == '0' && len(text) > 1 || len(text) > 15 {
			break
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		if isPlain(text) && !strings.ContainsAny(text, ": _") {
			return text // such as 100m
		}
	}
	panic(giveUp{})
}
