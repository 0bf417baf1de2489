package verify

import (
	"slices"
	"strings"
	"testing"

	"stsscan/internal/output"
)

func TestPasses(t *testing.T) {
	const valid, negative = 1, 7
	waits := func(pending string) func(*output.Row) {
		return func(r *output.Row) {
			failed("unknown", "", "", "")(r)
			r.Pending = pending
		}
	}
	second := func(record, reason, policy, stage, why string) func(*output.Row) {
		return func(r *output.Row) {
			r.Pass, r.FirstRecord, r.FirstRecordReason = 2, record, reason
			r.FirstPolicy, r.FirstPolicyStage, r.FirstPolicyReason = policy, stage, why
		}
	}
	unasked := func(pending string) func(*output.Row) {
		return func(r *output.Row) {
			*r = output.Row{
				Domain: r.Domain, Rank: r.Rank, List: r.List, TLD: r.TLD, RegisteredLabels: r.RegisteredLabels, ObservedAt: r.ObservedAt,
				Record: "unknown", Policy: "not_fetched", Verdict: "unknown", Pass: 1, Pending: pending,
			}
		}
	}
	tests := []struct {
		name   string
		rank   int64
		change func(*output.Row)
		want   string // part of what does not hold; "": all does
	}{
		{"nothing was asked", valid, waits("manners"), ""},
		{"its MX hosts were not asked", valid, func(r *output.Row) {
			r.Pending, r.Verdict, r.VerdictBasis = "manners", "unknown", ""
			r.MX = []output.MXHost{{Host: "mx.example.com", Addr: new("22.1.0.1")}}
		}, ""},
		{"the answer was lost", valid, waits("interrupted"), ""},
		{"nothing was asked, and it was excluded late", valid, func(r *output.Row) {
			waits("")(r)
			r.Findings = append(r.Findings, "excluded_late")
		}, ""},
		{"excluded late, after an answer", valid, func(r *output.Row) { r.Findings = append(r.Findings, "excluded_late") }, ""},
		{"excluded late, and the evidence does not hold", valid, func(r *output.Row) {
			r.Findings, r.Mode = append(r.Findings, "excluded_late"), "none"
		}, "mode is"},
		{"excluded late, and waits", valid, func(r *output.Row) {
			waits("manners")(r)
			r.Findings = append(r.Findings, "excluded_late")
		}, "the row is provisional, and was excluded late"},
		{"stopped on the way", valid, func(r *output.Row) {
			failed("unreachable", "tls", "handshake_timeout", "ErrPolicyFetch")(r)
			r.TLSError, r.Pending = "handshake_timeout", "interrupted"
		}, ""},
		{"cut short before an answer", negative, unasked("interrupted"), ""},
		{"cut short before an answer, and excluded late", negative, func(r *output.Row) {
			unasked("")(r)
			r.Findings = append(r.Findings, "excluded_late")
		}, ""},
		{"cut short after the policy, and excluded late", valid, func(r *output.Row) {
			r.Pending, r.TLSRPTResult, r.VerdictBasis, r.Verdict = "", "", "policy", "unknown"
			r.MX, r.MXKind, r.MXMatch, r.MXCount, r.MXAuthenticated, r.MXUnused, r.DANE = nil, "", "", nil, nil, nil, ""
			r.TLSRPT, r.TLSRPTTXT, r.RUA, r.RUAKinds, r.RUADomains, r.Delegation = "", nil, nil, nil, nil, ""
			r.Findings = append(r.Findings, "excluded_late")
		}, ""},
		{"no answer, and no reason", negative, unasked(""), "error is NULL"},
		{"cut short after the record", valid, func(r *output.Row) {
			txt, record, id, strict, lenient := r.TXT, r.Record, r.RecordID, r.Strict, r.Lenient
			unasked("interrupted")(r)
			r.TXT, r.Record, r.RecordID, r.Strict, r.Lenient, r.Policy = txt, record, id, strict, lenient, "unknown"
		}, ""},
		{"cut short after the policy", valid, func(r *output.Row) {
			r.Pending, r.Verdict, r.VerdictBasis, r.TLSRPTResult = "interrupted", "unknown", "", ""
			r.MX, r.MXKind, r.MXMatch, r.MXCount, r.MXAuthenticated, r.MXUnused, r.DANE = nil, "", "", nil, nil, nil, ""
			r.TLSRPT, r.TLSRPTTXT, r.RUA, r.RUAKinds, r.RUADomains, r.Delegation = "", nil, nil, nil, nil, ""
		}, ""},
		{"stopped on the way, and the evidence does not hold", valid, func(r *output.Row) { r.Pending, r.Mode = "interrupted", "none" }, "mode is"},
		{"a fault of ours before the policy", valid, waits("local"), ""},
		{"a fault of ours after it", valid, func(r *output.Row) { r.Pending, r.Verdict, r.VerdictBasis = "local", "unknown", "" }, ""},
		{"a fault of ours, and the evidence does not hold", valid, func(r *output.Row) { r.Pending, r.Mode = "local", "none" }, "mode is"},
		{"nothing was asked, and the row is final", valid, waits(""), "is not 200"},
		{"asked, and waits to be asked", valid, func(r *output.Row) { waits("manners")(r); r.Policy = "missing" }, "the policy was not asked for"},
		{"no record, and waits for manners", negative, func(r *output.Row) { r.Pending = "manners" }, "the policy was not asked for"},
		{"another word", valid, waits("later"), `pending is "later"`},
		{"temporary failure", valid, func(r *output.Row) {
			failed("unreachable", "tcp", "timeout", "ErrPolicyFetch")(r)
			r.Pending = "transient"
		}, ""},
		{"not awaited", valid, func(r *output.Row) {
			second("valid", "", "unreachable", "http", "timeout")(r)
			failed("unknown", "http", "timeout", "ErrPolicyFetch")(r)
			r.Findings, r.Verdict, r.VerdictBasis = []string{"slow_not_awaited"}, "unknown", "policy"
			r.MXMatch, r.MXUnused = "", nil
			for i := range r.MX {
				r.MX[i].Matched = nil
			}
		}, ""},
		{"not awaited, and blamed", valid, func(r *output.Row) {
			failed("unreachable", "http", "timeout", "ErrPolicyFetch")(r)
			r.Findings = []string{"slow_not_awaited"}
		}, "policy is"},
		{"waits for a second probe", valid, func(r *output.Row) {
			*r = *mailed()
			r.Pending, r.WildcardSuspected = "transient", new(false)
		}, ""},
		{"waits for no second probe", valid, func(r *output.Row) {
			*r = *mailed()
			r.Pending, r.WildcardSuspected, r.MX[1].FirstSTARTTLS = "transient", new(false), new("refused")
		}, "nothing in the row is temporary"},
		{"permanent", negative, func(r *output.Row) { r.Pending = "transient" }, "nothing in the row is temporary"},
		{"temporary", valid, second("unknown", "timeout", "not_fetched", "", ""), ""},
		{"temporary, its policy", valid, second("valid", "", "unreachable", "http", "server_error"), ""},
		{"asked less often before", valid, second("valid", "", "unreachable", "http", "client_error"), ""},
		{"a policy without a record", valid, second("unknown", "timeout", "unreachable", "tcp", "timeout"), "first_policy is"},
		{"a second pass and no first", valid, func(r *output.Row) { r.Pass = 2 }, "first_record is NULL"},
		{"a first pass and no second", valid, func(r *output.Row) { r.Pass, r.FirstRecord = 1, "unknown" }, "pass is 1"},
		{"half of a first pass", valid, func(r *output.Row) { r.FirstPolicy = "missing" }, "there was one pass"},
	}
	c := &check{words: closedSets()}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := rowOf(tt.rank)
			tt.change(row)
			got := c.discrepancies(row)
			if tt.want == "" && got != nil || tt.want != "" &&
				!slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// A run with provisional rows is not finished, whatever its manifest says.
func TestRunThatWaits(t *testing.T) {
	for _, claims := range []output.Status{output.StatusIncomplete, output.StatusComplete, output.StatusSuspect} {
		s := newSurvey(t)
		for _, row := range s.rows[0] {
			if row.Record == "valid" {
				failed("unknown", "", "", "")(row)
				row.Pending = "manners"
				break
			}
		}
		s.edit = func(m *output.Manifest) { m.Status = claims }
		s.write(t)
		report := run(t, s.dir, Options{})
		if !report.Incomplete || !slices.Contains(report.Missing, "1 rows are provisional") {
			t.Errorf("%s: missing %q", claims, report.Missing)
		}
		var want int64 // problems: the claim
		if claims.Finished() {
			want = 1
		}
		if report.Problems != want {
			t.Errorf("%s: %d problems, want %d: %v", claims, report.Problems, want, report.Examples)
		}
	}
}

// A killed process may have rewritten a part that its manifest lists as it was before. Another part that was
// rewritten as often is a problem.
func TestRunThatWasKilledInALaterPass(t *testing.T) {
	for _, before := range []int64{1, 0} {
		s := newSurvey(t)
		s.edit = func(m *output.Manifest) {
			m.Status = output.StatusRunning
			m.Parts[0].SHA256, m.Parts[0].Pending = "of the file before", 1
			m.Parts[0].Rewrite -= before
			m.Counts.Rows -= before
		}
		s.write(t)
		report := run(t, s.dir, Options{})
		if report.Problems != 1-before || !report.Incomplete {
			t.Error(text(t, report))
		}
	}
}
