package fn

import "crypto/subtle"

// TokenHeader carries the app token on every call of a sidecar that was started with APP_API_TOKEN.
const TokenHeader = "dapr-api-token" //nolint:gosec // the name of a header

// Token is the secret that a caller must present; the empty Token admits everyone. It shows as *** wherever it is printed.
type Token string

// Admits compares in constant time, so that the answer's delay tells nothing about the token.
func (t Token) Admits(given string) bool {
	return t == "" || subtle.ConstantTimeCompare([]byte(t), []byte(given)) == 1
}

// String redacts.
func (t Token) String() string {
	if t == "" {
		return ""
	}
	return "***"
}

// GoString redacts in %#v.
func (t Token) GoString() string { return t.String() }

// MarshalText redacts in JSON and in logs.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
