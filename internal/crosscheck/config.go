package crosscheck

import (
	"context"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// An Engine asks DNS questions, one at a time and by the million, as [resolver.Resolver] does.
type Engine interface {
	mtasts.Exchanger
	Sweep(ctx context.Context, next func(into []resolver.Question) (n int, more bool), yield func([]resolver.Answer)) error
}

// A Config is everything that a cross-check needs. The fields without a default must be set.
type Config struct {
	Dataset  *output.Dataset
	Parts    []int         // whose rows are checked: whole, none of them provisional
	Shard    *output.Shard // that the parts are of; nil: the whole run
	Engine   Engine        // asks resolvers that the run did not ask
	InFlight int           // questions that the engine has in flight
	Share    float64       // of the domains without a record; of those with one, all are checked

	// Excluded gives those who opted out after the names were prepared, nil where none did. It is called before
	// each part: their domains are not asked for, and count as unanswered. An error of it ends the cross-check.
	// Nil: none does.
	Excluded func() (*domains.Exclusions, error)

	Checked func()           // is called for each domain that is checked, concurrently; nil: nothing
	Now     func() time.Time // nil: time.Now
}

func (c Config) withDefaults() Config {
	if c.Excluded == nil {
		c.Excluded = func() (*domains.Exclusions, error) { return nil, nil }
	}
	if c.Checked == nil {
		c.Checked = func() {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
