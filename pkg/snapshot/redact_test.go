package snapshot

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/resource"
)

const (
	secret = "s3cr3t-Value_1234567890"
	jwt    = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl"
	key    = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n" + secret + "\n-----END RSA PRIVATE KEY-----"
)

func TestTextLosesItsSecretsAndNothingElse(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"bearer", "Authorization: Bearer " + secret, "Authorization: [redacted]"},
		{"basic in JSON", `{"value": "Basic dXNlcjpwYXNzd29yZA=="}`, `{"value": "Basic [redacted]"}`},
		{"a token of its own", "got " + jwt + " from x", "got [redacted] from x"},
		{"URL", "connecting to redis://user:" + secret + "@db:6379/0", "connecting to redis://user:[redacted]@db:6379/0"},
		{"private key", "key:\n" + key + "\nend", "key:\n[redacted]\nend"},
		{"named", "password=" + secret + " user=me", "password=[redacted] user=me"},
		{"named in JSON", `{"api_key": "` + secret + `", "port": 80}`, `{"api_key": "[redacted]", "port": 80}`},
		{"Envoy's header", `{"key": "x-api-key",` + "\n" + ` "value": "` + secret + `"}`, `{"key": "x-api-key",` + "\n" + ` "value": "[redacted]"}`},
		{"cloud key", "AKIAIOSFODNN7EXAMPLE is it", "[redacted] is it"},
		{"an object under a telling name", `"private_key": {"inline_bytes": "W3JlZGFjdGVkXQ=="}`, `"private_key": {"inline_bytes": "W3JlZGFjdGVkXQ=="}`},
		{"names that only look alike", `"secretName": "tls", "tokenPath": "/var/run/x", "keepalive": "1s"`, `"secretName": "tls", "tokenPath": "/var/run/x", "keepalive": "1s"`},
		{"a value with blanks", `password: "` + secret + ` and more"`, `password: "[redacted]"`},
		{"JSON inside of JSON", `{"config": "{\"client_secret\": \"` + secret + `\", \"a\": 1}"}`, `{"config": "{\"client_secret\": \"[redacted]\", \"a\": 1}"}`},
		{"no text", `{"token": 5, "secret": null, "password": {"a": "b"}}`, `{"token": 5, "secret": null, "password": {"a": "b"}}`},
		{"a flag", "--admin-password=" + secret + " --token " + "x", "--admin-password=[redacted] --token [redacted]"},
		{"a token of an own scheme", "authorization: Token " + secret, "authorization: [redacted]"},
		{"a signed request", `"Authorization": "AWS4-HMAC-SHA256 Credential=AK/x, Signature=` + secret + `"`, `"Authorization": "[redacted]"`},
		{"a header with parameters", "Authorization: Digest username=\"me\", response=\"" + secret + "\"\nhost: web", "Authorization: [redacted]\nhost: web"},
		{"cookies", "> Cookie: theme=dark; session=" + secret + "\n> host: web", "> Cookie: [redacted]\n> host: web"},
		{"a hash policy by cookie", `"cookie": {"name": "user", "ttl": "0s"}`, `"cookie": {"name": "user", "ttl": "0s"}`},
		{"Envoy's debug log", `':path', '/x' 'cookie', 'session=` + secret + `' 'x-version', 'v2'`, `':path', '/x' 'cookie', '[redacted]' 'x-version', 'v2'`},
		{"Docker's configuration", `{"auths": {"r.example": {"username": "me", "auth": "bWU6czNjcjN0"}}}`, `{"auths": {"r.example": {"username": "me", "auth": "[redacted]"}}}`},
		{"Docker's configuration in JSON", `"{\"auths\": {\"r\": {\"auth\":\"bWU6czNjcjN0\"}}}"`, `"{\"auths\": {\"r\": {\"auth\":\"[redacted]\"}}}"`},
		{"a storage account", "AccountName=me;AccountKey=" + secret + ";Suffix=x", "AccountName=me;AccountKey=[redacted];Suffix=x"},
		{"tokens of code hosts", "glpat-" + strings.Repeat("a", 20) + " gho_" + strings.Repeat("b", 36) + " ya29." + strings.Repeat("c", 30), "[redacted] [redacted] [redacted]"},
		{"an encoded private key", "tls: " + encoded(key) + ";", "tls: [redacted];"},
		{"an encoded certificate", encoded("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----"), encoded("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----")},
		{"a block", "a: 1\npassword: |-\n  " + secret + "\n\n  more\nb: 2\n", "a: 1\npassword: |-\n  [redacted]\nb: 2\n"},
		{"a list", "x:\n  tokens:\n  - " + secret + "\n  - b\n  c: 3\n", "x:\n  tokens:\n    [redacted]\n  c: 3\n"},
		{"a list of other things", "keys:\n- a\n", "keys:\n- a\n"},
		{"YAML with blanks in a value", "  secretKey: " + secret + " and more # why\nuser: me\n", "  secretKey: [redacted] # why\nuser: me\n"},
		{"a property with blanks", "db.password=" + secret + " and more\nuser=me", "db.password=[redacted]\nuser=me"},
		{"a flag before another flag", "--auth-token --verbose", "--auth-token --verbose"},
		{"settings that are no secrets", "forwardOriginalToken: true\nautomountServiceAccountToken: false\ntoken: {{ .Values.aud }}\nnextPageToken: abc", "forwardOriginalToken: true\nautomountServiceAccountToken: false\ntoken: {{ .Values.aud }}\nnextPageToken: abc"},
		{"a condition of a policy", `{"key": "request.headers[x-api-key]", "notValues": ["` + secret + `"], "values": ["a", "b"]}, {"key": "source.ip", "values": ["10.0.0.1"]}`, `{"key": "request.headers[x-api-key]", "notValues": ["[redacted]"], "values": ["[redacted]", "[redacted]"]}, {"key": "source.ip", "values": ["10.0.0.1"]}`},
		{"a header that is compared", `{"name": "x-token", "string_match": {"safe_regex": {"regex": "` + secret + `"}}}, {"name": "x-version", "string_match": {"exact": "v1"}}`, `{"name": "x-token", "string_match": {"safe_regex": {"regex": "[redacted]"}}}, {"name": "x-version", "string_match": {"exact": "v1"}}`},
		{"lists of headers' names", `["authorization", "x-version"], ["cookie","a"]`, `["authorization", "x-version"], ["cookie","a"]`},
		{"a token in place of a user", "https://" + secret + "@git.example/x ftp://me@host/x", "https://[redacted]@git.example/x ftp://me@host/x"},
		{"a public key", `{"kty":"RSA","e":"AQAB","n":"` + secret + `"}`, `{"kty":"RSA","e":"AQAB","n":"` + secret + `"}`},
		{"an address", "http://a.b:8080/x@y", "http://a.b:8080/x@y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(redactText([]byte(tt.in), map[string]int{}))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// No piece may hide a secret from the rules, wherever it is cut.
func TestStreamLosesSecretsAtSeams(t *testing.T) {
	for _, before := range []int{0, pieceSize - 40, pieceSize - keepBack - 30, pieceSize - keepBack + 10, 2*pieceSize - 100} {
		line := strings.Repeat("x", 79) + "\n"
		in := strings.Repeat(line, before/80) + strings.Repeat("y", before%80) + "\n" + key + "\npassword=" + secret + "\n" + strings.Repeat(line, 10_000)
		var out bytes.Buffer
		counts := map[string]int{}
		if err := redactStream(&out, iotest.HalfReader(strings.NewReader(in)), counts); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), secret) || counts["private key"] != 1 || counts["named secret"] != 1 {
			t.Errorf("after %d bytes: %v", before, counts)
		}
	}
}

func TestStreamWithoutSecretsStaysAsItIs(t *testing.T) {
	in := strings.Repeat(`{"name": "outbound|80||reviews.shop.svc.cluster.local"},`, 50_000)
	var out bytes.Buffer
	if err := redactStream(&out, strings.NewReader(in), map[string]int{}); err != nil || out.String() != in {
		t.Errorf("%d bytes became %d, %v", len(in), out.Len(), err)
	}
}

// What came before an answer broke off is kept, and that it did is told.
func TestStreamThatBreaksOffIsNoWholeOne(t *testing.T) {
	in := io.MultiReader(strings.NewReader("a line\npassword="+secret+"\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	var out bytes.Buffer
	if err := redactStream(&out, in, map[string]int{}); !errors.Is(err, io.ErrUnexpectedEOF) || out.String() != "a line\npassword=[redacted]\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestObjectsLoseTheirSecrets(t *testing.T) {
	certificate := base64.StdEncoding.EncodeToString([]byte("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"))
	hidden := base64.StdEncoding.EncodeToString([]byte(secret))
	taken := base64.StdEncoding.EncodeToString([]byte(redacted))
	tests := []struct{ name, in, want string }{
		{"a Secret keeps keys and certificates",
			`{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: "` + hidden + `"}}, data: {tls.crt: ` + certificate + `, tls.key: ` + hidden + `}}`,
			`{"apiVersion":"v1","data":{"tls.crt":"` + certificate + `","tls.key":"` + taken + `"},"kind":"Secret","metadata":{"annotations":{},"name":"a"}}`},
		{"variables of applications, not those of the proxy",
			`{apiVersion: v1, kind: Pod, metadata: {name: a, managedFields: []}, spec: {containers: [{env: [{name: DB, value: x}, {name: PILOT_X, value: z}, {name: REF, valueFrom: {}}]}]}}`,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"env":[{"name":"DB","value":"[redacted]"},{"name":"PILOT_X","value":"z"},{"name":"REF","valueFrom":{}}]}]}}`},
		{"headers of a route, secret ones only",
			`{apiVersion: x/v1, kind: HTTPRoute, metadata: {name: a}, spec: {headers: [{name: x-version, value: v2}, {name: Authorization, value: abc}]}}`,
			`{"apiVersion":"x/v1","kind":"HTTPRoute","metadata":{"name":"a"},"spec":{"headers":[{"name":"x-version","value":"v2"},{"name":"Authorization","value":"[redacted]"}]}}`},
		{"fields with telling names",
			`{apiVersion: x/v1, kind: WasmPlugin, metadata: {name: a}, spec: {pluginConfig: {clientSecret: x, tokenPath: /x, count: 12345678901234567890}, imagePullSecret: pull}}`,
			`{"apiVersion":"x/v1","kind":"WasmPlugin","metadata":{"name":"a"},"spec":{"imagePullSecret":"pull","pluginConfig":{"clientSecret":"[redacted]","count":12345678901234567890,"tokenPath":"/x"}}}`},
		{"secrets inside of a text",
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {conf: "url: https://me:` + secret + `@x/"}}`,
			`{"apiVersion":"v1","data":{"conf":"url: https://me:[redacted]@x/"},"kind":"ConfigMap","metadata":{"name":"a"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects, problems := resource.Parse("in", []byte(tt.in))
			if len(problems) > 0 {
				t.Fatal(problems[0])
			}
			counts := map[string]int{}
			got, err := redactObject(objects[0], counts)
			if diff := cmp.Diff(tt.want+"\n", string(got)); err != nil || diff != "" {
				t.Error(err, diff)
			}
			if len(counts) == 0 {
				t.Error("nothing was counted")
			}
		})
	}
}

func BenchmarkRedactStream(b *testing.B) {
	var dump strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&dump, "      {\n       \"name\": \"outbound|80||service-%d.shop.svc.cluster.local\",\n       \"token\": 5,\n       \"key\": \"a\",\n       \"uri\": \"spiffe://cluster.local/ns/a/sa/b\",\n       \"type\": \"EDS\"\n      },\n", i)
	}
	b.SetBytes(int64(dump.Len()))
	for b.Loop() {
		redactStream(&bytes.Buffer{}, strings.NewReader(dump.String()), map[string]int{})
	}
}
