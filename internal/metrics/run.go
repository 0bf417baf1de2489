package metrics

import (
	"maps"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// samplesOf is what a run found, and how it went.
func samplesOf(run *output.Manifest) *samples {
	s := new(samples)
	s.addStatus(run)
	s.addEntries(run.Inputs)
	addEach(s, "stsscan_domains", "Domains by class of record.", "record", codes.Records(), run.Counts.Record)
	addEach(s, "stsscan_policies", "Domains by class of policy.", "policy", codes.Policies(), run.Counts.Policy)
	addEach(s, "stsscan_verdicts", "Domains by verdict.", "verdict", codes.Verdicts(), run.Counts.Verdict)
	addEach(s, "stsscan_waiting", "Domains with a provisional row.", "pending", codes.Pendings(), run.Counts.Pending)
	s.addResolvers(run.Resolvers)
	s.addCrossCheck(run.Trust)
	s.addPerformance(run.Performance)
	return s
}

// addStatus adds how far the run got, and when.
func (s *samples) addStatus(run *output.Manifest) {
	for _, status := range output.Statuses() {
		s.add("stsscan_run_status", "1 for the status of the run, 0 for the others.",
			oneIf(run.Status == status), "status", string(status))
	}
	s.add("stsscan_run_complete", "1 when each name of the run has a row.", oneIf(run.Status.Finished()))
	s.add("stsscan_run_start_timestamp_seconds", "When the run began.", unixSeconds(run.StartedAt))
	if run.EndedAt == nil {
		return
	}
	s.add("stsscan_run_end_timestamp_seconds", "When the run ended.", unixSeconds(*run.EndedAt))
	s.add("stsscan_run_duration_seconds", "From the start of the run to its end, interruptions included.",
		run.EndedAt.Sub(run.StartedAt).Seconds())
}

// addEntries adds what became of the entries of the lists.
func (s *samples) addEntries(inputs []output.Input) {
	var all output.Input
	rejected := make(map[string]int64)
	for _, in := range inputs {
		all.Entries += in.Entries
		all.Excluded += in.Excluded
		all.Duplicates += in.Duplicates
		all.Rejected += in.Rejected
		for reason, n := range in.Reasons {
			rejected[reason] += n
		}
	}
	s.add("stsscan_entries", "Entries of the lists, of all shards.", float64(all.Entries))
	s.add("stsscan_entries_opted_out", "Entries that had opted out when the lists were read.", float64(all.Excluded))
	s.add("stsscan_entries_duplicate", "Entries that were there before.", float64(all.Duplicates))
	s.add("stsscan_entries_rejected", "Entries that are no domain names.", float64(all.Rejected))
	for _, reason := range slices.Sorted(maps.Keys(rejected)) {
		s.add("stsscan_entries_rejected_by_reason", "The same by reason.", float64(rejected[reason]), "reason", reason)
	}
}

// addResolvers adds how the upstreams answered, in all processes; the windows are those of the last one.
func (s *samples) addResolvers(resolvers []output.Resolver) {
	sum := make(map[string]output.Resolver)
	for _, r := range resolvers { // a line of each process
		all := sum[r.Addr]
		all.Asked += r.Asked
		all.Answered += r.Answered
		all.Stopped += r.Stopped
		all.WindowLeast, all.WindowMedian = r.WindowLeast, r.WindowMedian
		sum[r.Addr] = all
	}
	for _, addr := range slices.Sorted(maps.Keys(sum)) {
		r := sum[addr]
		const questions = "Questions that a resolver was asked, and those that it answered."
		s.add("stsscan_resolver_questions", questions, float64(r.Asked), "resolver", addr, "of", "asked")
		s.add("stsscan_resolver_questions", questions, float64(r.Answered), "resolver", addr, "of", "answered")
		s.add("stsscan_resolver_stopped", "Times that a resolver was not asked for a while because its answers were "+
			"not to be believed.", float64(r.Stopped), "resolver", addr)
		const window = "Questions that a resolver was allowed in flight, while there were more to ask."
		s.add("stsscan_window", window, float64(r.WindowLeast), "resolver", addr, "of", "least")
		s.add("stsscan_window", window, float64(r.WindowMedian), "resolver", addr, "of", "median")
	}
}

// addCrossCheck adds what another resolver said of a sample.
func (s *samples) addCrossCheck(trust *output.Trust) {
	if trust == nil || trust.CrossCheck == nil {
		return
	}
	const help = "Domains that a cross-check asked for, by whether they have a record, and its outcome."
	check := trust.CrossCheck
	for rows, n := range map[string]output.CrossCount{"negatives": check.Negatives, "positives": check.Positives} {
		s.add("stsscan_cross_check", help, float64(n.Agree), "rows", rows, "outcome", "agree")
		s.add("stsscan_cross_check", help, float64(n.Disagree), "rows", rows, "outcome", "disagree")
		s.add("stsscan_cross_check", help, float64(n.Unanswered), "rows", rows, "outcome", "unanswered")
	}
}

// addPerformance adds how fast the run was and what it waited for, as run.json has it.
func (s *samples) addPerformance(p *output.Performance) {
	if p == nil {
		return
	}
	s.add("stsscan_rows_per_second", "Rows a second while domains were asked.", p.RowsPerSecond)
	s.add("stsscan_rows_per_second_peak", "Rows a second over the best ten seconds.", p.PeakPerSecond)
	s.add("stsscan_asking_seconds", "Time in which domains were asked.", p.AskingSeconds)
	s.add("stsscan_tail_seconds", "Part of it after the last name of a pass was admitted.", p.TailSeconds)
	s.add("stsscan_between_seconds", "Time in which all domains left waited for their pass or turn.", p.BetweenSeconds)
	for _, why := range codes.Standstills() {
		s.add("stsscan_standstill_seconds", "Time in which no names were admitted, by cause.",
			p.Standstill[why], "cause", string(why))
	}
	const connections = "Connections at a time: the limit, and the most there were."
	s.add("stsscan_connections", connections, float64(p.Connections.Limit), "of", "limit")
	s.add("stsscan_connections", connections, float64(p.Connections.Most), "of", "most")
	s.add("stsscan_connections_waited_seconds",
		"Time in which surveys waited because all connections were in use.", p.Connections.WaitedSeconds)
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
