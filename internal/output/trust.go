package output

import "time"

// Trust is why the answers of the resolvers can be believed.
type Trust struct {
	PreflightSkipped bool             `json:"preflight_skipped,omitempty"` //
	Preflight        []PreflightCheck `json:"preflight,omitempty"`         // of the last process that worked on the run
	CanaryZone       string           `json:"canary_zone,omitempty"`       // empty: well-known names are asked
	Canaries         []string         `json:"canaries,omitempty"`          // asked all the time; none: no watch
	Events           []TrustEvent     `json:"events,omitempty"`            // the first stops and resumptions
	PausedSeconds    float64          `json:"paused_seconds"`              // while all resolvers were stopped
	Discarded        int64            `json:"parts_discarded"`             // scanned again after wrong answers
	CrossCheck       *CrossCheck      `json:"cross_check,omitempty"`       // with other resolvers; nil: not wanted
}

// A PreflightCheck is a test of a resolver before the first domain.
type PreflightCheck struct {
	Resolver string `json:"resolver"` // host:port
	Check    string `json:"check"`    // answers, truth, no_rewriting, soa, signed, bogus, tcp, flood, slow
	OK       bool   `json:"ok"`       //
	Words    string `json:"words,omitempty"`
}

// A TrustEvent is that a resolver was stopped, or asked again.
type TrustEvent struct {
	At       time.Time `json:"at"`
	Resolver string    `json:"resolver"` // host:port
	Event    string    `json:"event"`    // stopped, resumed
	Words    string    `json:"words"`    // why
}
