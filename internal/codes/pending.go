package codes

// A Pending says why a row is provisional: its domain will be asked again before
// the run is complete. A final row has none.
type Pending string

const (
	// What failed may mend, or an MX host is due a second probe: asked again in a later pass.
	PendingTransient Pending = "transient"
	// The address of the Policy Host, or of an MX host once the policy is at hand, has had its share of connections.
	PendingManners Pending = "manners"
	// The run ended before all answers were there, or this process was stopped or starved when it failed: not asked
	// again within five minutes (section 3.3).
	PendingInterrupted Pending = "interrupted"
	// A fault of this machine got in the way, or may have. That counts for no pass.
	PendingLocal Pending = "local"
)

// Pendings lists every Pending.
func Pendings() []Pending {
	return []Pending{PendingTransient, PendingManners, PendingInterrupted, PendingLocal}
}
