package store

import (
	"fmt"
	"strings"
)

// Open opens the store at a location: s3://BUCKET or s3://BUCKET/PREFIX, or the path of a directory. It asks no
// server: whether one is there, the first call says. The error for a location that is none wraps [ErrRefused].
func Open(location string, c Config) (Store, error) {
	scheme, rest, ok := strings.Cut(location, "://")
	switch {
	case location == "":
		return nil, fmt.Errorf("the location of a store is empty: %w: %s", ErrRefused, locations)
	case !ok:
		return NewDir(location), nil
	case scheme != "s3":
		return nil, fmt.Errorf("the location %s://...: %w: %s", scheme, ErrRefused, locations)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	prefix = strings.TrimSuffix(prefix, "/")
	if strings.ContainsAny(rest, "@?") {
		return nil, fmt.Errorf("the location of a store has more than a name: %w: %s", ErrRefused, locations)
	}
	if prefix != "" {
		if err := checkName(prefix); err != nil {
			return nil, fmt.Errorf("the location %s: %w", location, err)
		}
	}
	s, err := newS3(bucket, prefix, c.filled())
	if err != nil {
		return nil, err // and no *S3 that is nil
	}
	return s, nil
}

const locations = "give s3://BUCKET/PREFIX, or the path of a directory"
