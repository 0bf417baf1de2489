package codes

// A Pending says why a row is provisional: its domain will be asked again before
// the run is complete. A final row has none.
type Pending string

const (
	PendingTransient   Pending = "transient"   // what failed may mend, or an MX host is to be probed a second time: asked again in a later pass
	PendingManners     Pending = "manners"     // the Policy Host, or with the policy at hand an MX host, has not been asked: its address has had its share of connections
	PendingInterrupted Pending = "interrupted" // the run ended before all was answered that was asked, or this process was stopped or starved when it failed: not within five minutes again (section 3.3)
	PendingLocal       Pending = "local"       // a fault of this machine got in the way, or may have: that counts for no pass
)

// Pendings lists every Pending.
func Pendings() []Pending {
	return []Pending{PendingTransient, PendingManners, PendingInterrupted, PendingLocal}
}
