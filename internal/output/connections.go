package output

import "time"

// Connections say how connections to one port went, in one address family.
type Connections struct {
	Port       uint16     `json:"port"`
	Family     string     `json:"family"`         // "IPv4" or "IPv6"
	Made       int64      `json:"made"`           // by all processes of the run
	Last       *time.Time `json:"last,omitempty"` // when the last one was made
	OutOfReach int        `json:"out_of_reach"`   // hosts that could not be reached, while no connection was ever made
}
