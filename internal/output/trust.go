package output

import "time"

// Trust says why the resolvers' answers can be believed.
type Trust struct {
	PreflightSkipped bool             `json:"preflight_skipped,omitempty"` //
	Preflight        []PreflightCheck `json:"preflight,omitempty"`         // of the last process that worked on the run
	CanaryZone       string           `json:"canary_zone,omitempty"`       // none: names that everybody knows
	Canaries         []string         `json:"canaries,omitempty"`          // asked all the time; none: nobody watched
	Events           []TrustEvent     `json:"events,omitempty"`            // resolvers that were stopped and asked again, the first of them
	PausedSeconds    float64          `json:"paused_seconds"`              // while all resolvers were stopped
	Discarded        int64            `json:"parts_discarded"`             // scanned once more, since a resolver gave wrong answers
	CrossCheck       *CrossCheck      `json:"cross_check,omitempty"`       // with resolvers that the run did not ask; none: that was not wanted
}

// A PreflightCheck is one thing that was tried with a resolver before the first
// domain.
type PreflightCheck struct {
	Resolver string `json:"resolver"` // host:port
	Check    string `json:"check"`    // answers, truth, no_rewriting, soa, signed, bogus, tcp, flood, slow
	OK       bool   `json:"ok"`       //
	Words    string `json:"words,omitempty"`
}

// A TrustEvent is a resolver that was stopped, or asked again.
type TrustEvent struct {
	At       time.Time `json:"at"`
	Resolver string    `json:"resolver"` // host:port
	Event    string    `json:"event"`    // stopped, resumed
	Words    string    `json:"words"`    // why
}
