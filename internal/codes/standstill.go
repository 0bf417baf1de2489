package codes

// A Standstill is why the admission of names stands still: what it waits for.
type Standstill string

const (
	StandstillWindow  Standstill = "window"  // as many questions are in flight as the resolvers bear, or as may be
	StandstillWaiting Standstill = "waiting" // as many questions wait for silent servers as may
	StandstillRate    Standstill = "rate"    // the limit of questions per second
	StandstillPause   Standstill = "pause"   // every resolver is stopped
	StandstillSlots   Standstill = "slots"   // as many names are under way as may, most of them with the resolvers
	StandstillSurveys Standstill = "surveys" // as many names are under way as may, most of them being surveyed
	StandstillDisk    Standstill = "disk"    // as many names are under way as may, most of them rows to be written
	StandstillBudget  Standstill = "budget"  // octets: what strangers sent takes as much memory as it may
	StandstillParts   Standstill = "parts"   // as many parts are open as may
	StandstillSource  Standstill = "source"  // no name is there yet, or none whose Policy Host may be asked now
)

// Standstills lists every Standstill.
func Standstills() []Standstill {
	return []Standstill{
		StandstillWindow, StandstillWaiting, StandstillRate, StandstillPause, StandstillSlots, StandstillSurveys,
		StandstillDisk, StandstillBudget, StandstillParts, StandstillSource,
	}
}
