package validation

import (
	"net/url"
	"strconv"

	security "istio.io/api/security/v1beta1"

	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) requestAuthentication(at *place, r *security.RequestAuthentication) {
	c.attachment(at, attachment{r.Selector, r.TargetRef, r.TargetRefs})
	for i, rule := range r.JwtRules {
		c.jwtRule(item(at, "jwtRules", i), rule)
	}
}

func (c *checker) jwtRule(at *place, r *security.JWTRule) {
	c.eachNotEmpty(at.Child("audiences"), r.Audiences, "an audience is empty")
	if r.Issuer == "" && r.JwksUri == "" {
		c.failf(at, "a rule needs issuer or jwksUri")
	}
	if r.JwksUri != "" {
		c.jwksURI(at.Child("jwksUri"), r.JwksUri)
	}
	if r.Jwks != "" {
		c.jwks(at.Child("jwks"), r.Jwks)
	}
	for i, header := range r.FromHeaders {
		if header.Name == "" {
			c.failf(item(at, "fromHeaders", i), "a header to take the token from needs a name")
		}
	}
	c.eachNotEmpty(at.Child("fromParams"), r.FromParams, "the name of a parameter is empty")
	c.eachNotEmpty(at.Child("fromCookies"), r.FromCookies, "the name of a cookie is empty")
	for i, claim := range r.OutputClaimToHeaders {
		at := item(at, "outputClaimToHeaders", i)
		if claim.Claim == "" || claim.Header == "" {
			c.failf(at, "a claim to pass on needs both claim and header")
			continue
		}
		c.must(at.Child("header"), headerName(claim.Header, claimsHeader))
	}
	c.duration(at.Child("timeout"), r.Timeout)
}

// eachNotEmpty reports each value that is not there.
func (c *checker) eachNotEmpty(at *place, values []string, message string) {
	for i, value := range values {
		if value == "" {
			c.failf(at.Child(resource.Index(i)), "%s", message)
		}
	}
}

func (c *checker) jwksURI(at *place, uri string) {
	u, err := url.Parse(uri)
	if err != nil {
		c.failf(at, "%q is not a URL: %v", uri, err)
		return
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		c.failf(at, "keys can be fetched by http or https, not by %q", u.Scheme)
		return
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.Atoi(port); err != nil {
			c.failf(at, "%q is not a port", port)
		}
	}
}
