package xds

import "github.com/go-json-experiment/json/jsontext"

// StringMatcher is type.matcher.v3.StringMatcher.
type StringMatcher struct {
	Exact      *string        `json:"exact"`
	Prefix     *string        `json:"prefix"`
	Suffix     *string        `json:"suffix"`
	Contains   *string        `json:"contains"`
	Regex      *Regex         `json:"safe_regex"`
	Custom     jsontext.Value `json:"custom"`
	IgnoreCase bool           `json:"ignore_case"`
}

// Regex is type.matcher.v3.RegexMatcher.
type Regex struct {
	Regex string `json:"regex"`
}

// Range is type.v3.Int64Range: from Start, included, to End, not included.
type Range struct {
	Start Int `json:"start"`
	End   Int `json:"end"`
}

// HeaderMatcher is config.route.v3.HeaderMatcher. The kinds before string_match are
// deprecated but still found in dumps.
type HeaderMatcher struct {
	Name         string         `json:"name"`
	Exact        *string        `json:"exact_match"`
	SafeRegex    *Regex         `json:"safe_regex_match"`
	Range        *Range         `json:"range_match"`
	Present      *bool          `json:"present_match"`
	Prefix       *string        `json:"prefix_match"`
	Suffix       *string        `json:"suffix_match"`
	Contains     *string        `json:"contains_match"`
	String       *StringMatcher `json:"string_match"`
	Invert       bool           `json:"invert_match"`
	MissingEmpty bool           `json:"treat_missing_header_as_empty"`
}

// QueryMatcher is config.route.v3.QueryParameterMatcher.
type QueryMatcher struct {
	Name    string         `json:"name"`
	String  *StringMatcher `json:"string_match"`
	Present *bool          `json:"present_match"`
}

// CookieMatcher is config.route.v3.CookieMatcher.
type CookieMatcher struct {
	Name   string         `json:"name"`
	String *StringMatcher `json:"string_match"`
	Invert bool           `json:"invert_match"`
}

// Fraction is type.v3.FractionalPercent.
type Fraction struct {
	Numerator   Uint `json:"numerator"`
	Denominator Text `json:"denominator"`
}

// Share is the fraction as a number from 0 to 1.
func (f Fraction) Share() float64 {
	of := 100.0
	switch f.Denominator {
	case "TEN_THOUSAND", "1":
		of = 10_000
	case "MILLION", "2":
		of = 1_000_000
	}
	return min(float64(f.Numerator)/of, 1)
}
