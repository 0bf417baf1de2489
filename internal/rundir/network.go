package rundir

import (
	"cmp"
	"context"
	"slices"

	"stsscan/internal/egress"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/resolver"
)

// A Network is what a process asks with.
type Network struct {
	Engine    *resolver.Resolver
	Transport *egress.Transport
	Roots     output.Roots
}

// Recall tells the network what earlier processes of the run have learned about it.
func (r *Record) Recall(ctx context.Context, n Network) error {
	r.recall(n)
	return r.recallServed(ctx, n)
}

// recall tells the network when earlier processes made their last connections.
func (r *Record) recall(n Network) {
	var list []egress.Reach
	for _, c := range r.before().Connections {
		if c.Last != nil {
			list = append(list, egress.Reach{Port: c.Port, IPv6: c.Family == pipeline.FamilyIPv6, Last: *c.Last})
		}
	}
	n.Transport.Recall(list)
}

// recallServed tells the network which addresses showed earlier processes a certificate: an alert there may
// be about the name.
func (r *Record) recallServed(ctx context.Context, n Network) error {
	for _, k := range r.Numbers() {
		if ctx.Err() != nil {
			return nil // the scan is about to end
		}
		for addr, err := range r.Dataset.Served(k) {
			if err != nil {
				return err
			}
			n.Transport.RecallServed(addr)
		}
	}
	return nil
}

// Describe records the roots, resolvers and limits of this process beside those of earlier ones. Each process
// has its line for each resolver.
func (r *Record) Describe(n Network) {
	r.Manifest.Roots = n.Roots
	before := r.before()
	r.Manifest.Resolvers = slices.Clone(before.Resolvers)
	report, windows := n.Engine.TrustReport(), n.Engine.Windows()
	for i, s := range n.Engine.Stats() {
		line := output.Resolver{
			Addr: s.Upstream.String(), Asked: s.Asked, Answered: s.Answered, Timeouts: s.Timeouts,
			Servfail: s.Servfail, Refused: s.Refused, Mismatched: s.Mismatched, TCP: s.TCP,
			WindowLeast: windows[i].Least, WindowMedian: windows[i].Median,
		}
		if i < len(report.Canaries) {
			c := report.Canaries[i]
			line.CanariesGood, line.CanariesFailed, line.CanariesWrong, line.Stopped = c.Good, c.Failed, c.Wrong, c.Stopped
		}
		r.Manifest.Resolvers = append(r.Manifest.Resolvers, line)
	}
	trusted := cmp.Or(before.Trust, &output.Trust{})
	addTrustReport(r.Manifest.Trust, trusted, report)
	if r.Stats != nil {
		r.Manifest.Trust.Discarded = r.Stats.Counts().Discarded + trusted.Discarded
	}
	r.Manifest.Surveys = n.Transport.Connections().Limit
	r.reached, r.inUse = n.Transport.Reached, n.Transport.Connections
	m, was := n.Transport.Manners(), before.Manners
	r.Manifest.Manners = output.Manners{
		Waited: was.Waited + m.Waited, PutOff: was.PutOff + m.PutOff, Held: was.Held + m.Held,
	}
}

// addTrustReport adds what the watch saw to what earlier processes saw.
func addTrustReport(t, before *output.Trust, report resolver.TrustReport) {
	t.Events, t.PausedSeconds = slices.Clip(before.Events), before.PausedSeconds
	for _, e := range report.Events {
		t.Events = append(t.Events, output.TrustEvent{
			At: e.At.UTC(), Resolver: e.Upstream.String(), Event: e.What, Words: e.Why,
		})
	}
	t.PausedSeconds += report.Paused.Seconds()
}
