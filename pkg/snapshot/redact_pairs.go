package snapshot

import (
	"bytes"
	"regexp"
	"sync"
)

// pairHints are what the names that redactPairs looks for end with.
func pairHints() []string {
	return []string{`authorization"`, `cookie"`, `password"`, `passwd"`, `token"`, `secret"`, `-key"`, `_key"`, `ikey"`, `.headers[`}
}

// after are the forms in which a value follows its name in JSON, from the quote
// behind the name on. The last group is the value.
var after = sync.OnceValue(func() []*regexp.Regexp {
	const text = `"((?:[^"\\]|\\.)*)`
	return []*regexp.Regexp{
		// Envoy's headers: "key": "x-api-key", "value": "..."
		regexp.MustCompile(`^"\s*,\s*"(?:value|raw_value|rawValue|exact_match|prefix_match|suffix_match)"\s*:\s*` + text),
		// and what it compares headers with: "name": "x-api-key", "string_match": {"exact": "..."}
		regexp.MustCompile(`^"\s*,\s*"(?:string_match|stringMatch)"\s*:\s*\{\s*(?:"(?:safe_regex|safeRegex)"\s*:\s*\{\s*)?"(?:exact|prefix|suffix|contains|regex)"\s*:\s*` + text),
		// Istio's form of that, and secrets of extensions: "authorization": {"exact": "..."}
		regexp.MustCompile(`^"\s*:\s*\{\s*"(?:exact|prefix|suffix|regex|inline_string|inline_bytes|inlineString|inlineBytes)"\s*:\s*` + text),
	}
})

// encodedRedacted is how Envoy, and this package, write that bytes were taken out.
const encodedRedacted = "W3JlZGFjdGVkXQ=="

// redactPairs takes out what stands beside a telling name in JSON, on the same
// line or the next ones.
func redactPairs(text []byte) (out []byte, n int) {
	done := 0
	take := func(from, to int) {
		if value := string(text[from:to]); value == "" || value == redacted || value == encodedRedacted {
			return
		}
		out = append(append(out, text[done:from]...), redacted...)
		done = to
		n++
	}
	for at := 0; ; {
		begin := bytes.IndexByte(text[at:], '"')
		if begin < 0 {
			break
		}
		begin += at + 1
		length := bytes.IndexAny(text[begin:min(len(text), begin+100)], "\"\n")
		if length < 0 || text[begin+length] != '"' {
			at = begin
			continue
		}
		end := begin + length
		at = end // the next text may begin right here, if this quote was one that ends
		name := text[begin:end]
		if header, ok := headerOf(name); ok {
			if isSecretName(header) {
				for _, list := range conditions().FindAllIndex(text[end:min(len(text), end+4<<10)], -1) {
					from, to := end+list[0], end+list[1]
					if bytes.IndexByte(text[end+1:from], '}') >= 0 {
						break // the next condition
					}
					for _, value := range quoted().FindAllSubmatchIndex(text[from:to], -1) {
						if from+value[2] > done {
							take(from+value[2], from+value[3])
						}
					}
				}
			}
			continue
		}
		if !isSecretName(string(name)) {
			continue
		}
		for _, form := range after() {
			if m := form.FindSubmatchIndex(text[end:]); m != nil {
				take(end+m[2], end+m[3])
				at = max(at, end+m[3])
				break
			}
		}
	}
	if n == 0 {
		return text, 0
	}
	return append(out, text[done:]...), n
}

// headerOf is NAME of request.headers[NAME], the key of a policy's condition.
func headerOf(key []byte) (name string, ok bool) {
	key, ok = bytes.CutPrefix(key, []byte("request.headers["))
	key, closed := bytes.CutSuffix(key, []byte("]"))
	return string(key), ok && closed
}

// conditions are the lists with what a policy compares with.
var conditions = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:"values"|"notValues")\s*:\s*(\[[^\]]*\])`)
})

var quoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"([^"]*)"\s*[,\]]`) })

// yamlPair is a header as YAML: name and value on two lines or in braces.
var yamlPair = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b(?:name|key):[ \t]*["']?([\w.-]+)["']?[ \t]*(?:,|\r?\n)[ \t]*value:[ \t]*([^\n,}]+)`)
})

func redactYAMLPairs(text []byte) ([]byte, int) { return redactValues(text, yamlPair()) }

// calls are names and values as arguments in code, and as Envoy logs headers:
// add("authorization", "..."), 'cookie', '...'
var calls = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`'([\w-]+)',[ \t]*'([^']*)`),
		regexp.MustCompile(`\(\\"([\w-]+)\\",[ \t]*\\"([^"\\]*)`),
		regexp.MustCompile(`\("([\w-]+)",[ \t]*"([^"\\]*)`),
	}
})

func redactCalls(line []byte) (out []byte, n int) {
	for _, form := range calls() {
		var more int
		line, more = redactValues(line, form)
		n += more
	}
	return line, n
}

// redactValues takes out the second group of each match whose first is a telling name.
func redactValues(text []byte, pattern *regexp.Regexp) (out []byte, n int) {
	done := 0
	for at := 0; ; {
		m := pattern.FindSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		name, from, to := string(text[at+m[2]:at+m[3]]), at+m[4], at+m[5]
		if isSecretName(name) && from < to && !bytes.HasPrefix(text[from:to], []byte(redacted)) {
			out = append(append(out, text[done:from]...), redacted...)
			done = to
			n++
			at = to
			continue
		}
		at = from // a value may be the next one's name
	}
	if n == 0 {
		return text, 0
	}
	return append(out, text[done:]...), n
}

// wasmVariables are the environment of a Wasm module in Envoy's configuration.
var wasmVariables = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"key_values"\s*:\s*\{[^}]*\}`) })

var member = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`("\s*:\s*")((?:[^"\\]|\\.)+)`) })

func redactVariablesOfWasm(text []byte) (out []byte, n int) {
	out = wasmVariables().ReplaceAllFunc(text, func(variables []byte) []byte {
		if bytes.Contains(variables, []byte(redacted)) {
			return variables
		}
		n += len(member().FindAll(variables, -1))
		return member().ReplaceAll(variables, []byte("${1}"+redacted))
	})
	return out, n
}
