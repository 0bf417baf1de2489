package store

import (
	"context"
	"net/http"
	"strings"
)

// conditionsName is an object that is there so that it can be seen what a server makes of a condition that does not
// hold. No name of a [Store] can be the same.
const conditionsName = ".conditional-writes"

// checkConditions returns errUnconditional if the server does not honour the conditions of a write, as some do
// without a word. It asks once.
func (s *S3) checkConditions(ctx context.Context) error {
	if s.conditional.Load() {
		return nil
	}
	content := []byte("This object shows that the server has conditional writes.\n")
	hash := string(versionOf(content))
	refused := false
	for range 2 { // the first write may be the one that makes it
		if _, err := s.put(ctx, conditionsName, content, hash, Absent); otherVersion(err) {
			refused = true
			break
		} else if err != nil {
			return err
		}
	}
	if !refused {
		return errUnconditional
	}
	_, err := s.put(ctx, conditionsName, content, hash, Version(strings.Repeat("0", 32)))
	if err == nil {
		return errUnconditional
	}
	if !otherVersion(err) {
		return err
	}
	s.conditional.Store(true)
	return nil
}

// matchKey is the key of the version that a deletion expects, in the context of its request.
type matchKey struct{}

// ifMatch makes the removal of an object depend on its version.
func ifMatch(ctx context.Context, was Version) context.Context {
	return context.WithValue(ctx, matchKey{}, was)
}

// conditionalDelete adds the condition to a deletion, which the library does not know.
type conditionalDelete struct{ http.RoundTripper }

// RoundTrip sends a request.
func (c conditionalDelete) RoundTrip(request *http.Request) (*http.Response, error) {
	was, ok := request.Context().Value(matchKey{}).(Version)
	if ok && request.Method == http.MethodDelete {
		request = request.Clone(request.Context())
		request.Header.Set("If-Match", `"`+string(was)+`"`)
	}
	return c.RoundTripper.RoundTrip(request)
}
