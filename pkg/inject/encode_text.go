package inject

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text writes a string so that every YAML parser, of 1.1 and 1.2, reads the
// same string: plain if nothing else could be meant, as a block if it has
// several lines, else quoted.
func (w *yamlWriter) text(s string, indent int, key bool) {
	switch {
	case isPlain(s):
		w.out.WriteString(s)
	case !key && isBlock(s):
		w.block(s, indent+2)
	case isPrintable(s):
		w.out.WriteByte('\'')
		w.out.WriteString(strings.ReplaceAll(s, "'", "''"))
		w.out.WriteByte('\'')
	default:
		// Go's escapes are YAML's, too, but for bytes that are no UTF-8: they
		// become replacement characters.
		w.out.WriteString(strconv.QuoteToASCII(string([]rune(s))))
	}
}

// block writes a literal block, whose lines are indented.
func (w *yamlWriter) block(s string, indent int) {
	w.out.WriteByte('|')
	body, ends := strings.CutSuffix(s, "\n")
	if !ends {
		w.out.WriteByte('-')
	}
	for line := range strings.SplitSeq(body, "\n") {
		w.out.WriteByte('\n')
		if line != "" {
			w.indent(indent)
			w.out.WriteString(line)
		}
	}
}

// isBlock says whether a text can stand in a literal block as it is.
func isBlock(s string) bool {
	if !strings.Contains(s, "\n") || strings.HasSuffix(s, "\n\n") || s[0] == '\n' || s[0] == ' ' || s[0] == '\t' {
		return false
	}
	return isPrintable(strings.ReplaceAll(s, "\n", ""))
}

// isPrintable says whether a text stays itself in single quotes.
func isPrintable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || r == '\ufeff' {
			return false
		}
	}
	return true
}

// isPlain is on the safe side: what it lets through needs no quotes anywhere.
func isPlain(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	first, last := s[0], s[len(s)-1]
	letter := isLetter(first) || first == '/' || first == '_' || first == '$' || first == '('
	digit := first >= '0' && first <= '9'
	if !letter && !digit || last == ' ' || last == ':' {
		return false
	}
	sureLetters := false // letters that no number has
	for i := range len(s) {
		c := s[i]
		switch {
		case isLetter(c):
			sureLetters = sureLetters || !strings.ContainsRune("abcdefABCDEFxXoOTtZz", rune(c))
		case c >= '0' && c <= '9', strings.IndexByte("_./$()@+=-", c) >= 0:
		case c == ':' && s[i+1] != ' ' && !digit:
		case c == ' ' && s[i+1] != '#':
		case c == ',' && letter:
		default:
			return false
		}
	}
	if digit {
		return sureLetters
	}
	return !isWord(s)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isWord finds the words that mean something else than themselves.
func isWord(s string) bool {
	if len(s) > 5 {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return false
}
