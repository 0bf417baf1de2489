package store

import (
	"context"
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
