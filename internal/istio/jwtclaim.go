package istio

import "strings"

// IsJWTClaim reports whether a header name is one of the forms
// "@request.auth.claims.a" and "@request.auth.claims[a]", which stand for a
// claim of the request's token instead of a header.
func IsJWTClaim(header string) bool {
	const prefix = "@request.auth.claims"
	if len(header) < len(prefix) || !strings.EqualFold(header[:len(prefix)], prefix) {
		return false
	}
	rest := header[len(prefix):]
	return strings.HasPrefix(rest, ".") && len(rest) > 1 ||
		strings.HasPrefix(rest, "[") && strings.HasSuffix(rest, "]") && len(rest) > 2
}
