package changes

import (
	"slices"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// good is a row with nothing wrong.
func good(domain string) output.Row {
	return output.Row{
		Domain: domain, Rank: 1, List: "list.csv", TLD: "example", Record: "valid", RecordID: "1", Policy: "valid",
		TXT: [][]byte{[]byte("v=STSv1; id=1;")}, TXTCount: new(int32(1)),
		PolicySHA256: "aaaaaaaaaaaaaaaa", Mode: "enforce", MaxAge: new(int64(604800)), MXPatterns: []string{"mx." + domain},
		MXKind: "hosts", MXMatch: "all", MX: []output.MXHost{{Host: "mx." + domain, Matched: new(true)}},
		Verdict: "enforce_ok", VerdictBasis: "mx", ObservedAt: time.Date(2026, 11, 29, 2, 30, 0, 0, time.UTC), Attempts: 1, Pass: 1,
	}
}

// absent is a row without a record.
func absent(domain string) output.Row {
	return output.Row{
		Domain: domain, Rank: 1, List: "list.csv", TLD: "example", Record: "absent", RecordReason: "nxdomain", Policy: "not_fetched",
		Verdict: "no_sts", ObservedAt: time.Date(2026, 11, 29, 2, 30, 0, 0, time.UTC), Attempts: 1, Pass: 1,
	}
}

// fail makes a row one whose policy cannot be retrieved.
func fail(r *output.Row, stage codes.Stage, reason codes.PolicyReason) {
	r.Policy, r.PolicyStage, r.PolicyReason = "unreachable", string(stage), string(reason)
	r.PolicySHA256, r.Mode, r.MaxAge, r.MXPatterns, r.MXMatch, r.Verdict = "", "", nil, nil, "", "broken"
}

// TestChanges has what two rows of a domain show, regressions with an exclamation mark.
func TestChanges(t *testing.T) {
	expired := func(r *output.Row) { fail(r, codes.StageTLS, codes.PolicyReason(codes.TLSExpired)) }
	untrusted := func(r *output.Row) { fail(r, codes.StageTLS, codes.PolicyReason(codes.TLSSelfSigned)) }
	refused := func(r *output.Row) { fail(r, codes.StageTCP, codes.ReasonRefused) }
	mode := func(mode string) func(*output.Row) {
		return func(r *output.Row) { r.Mode, r.PolicySHA256 = mode, "sha256 of "+mode }
	}
	gone := func(r *output.Row) { *r = absent(r.Domain) }
	unknown := func(r *output.Row) {
		*r = absent(r.Domain)
		r.Record, r.RecordReason, r.Verdict = "unknown", "timeout", "unknown"
	}
	drifted := func(r *output.Row) { r.MXMatch, r.Verdict = "none", "enforce_refused" }
	certificates := func(r *output.Row) { r.VerdictBasis, r.Verdict = "certificates", "enforce_refused" }
	invalid := func(r *output.Row) {
		r.Record, r.RecordReason, r.Policy, r.Verdict = "invalid", "id_invalid", "not_fetched", "broken"
	}
	both := func(changes ...func(*output.Row)) func(*output.Row) {
		return func(r *output.Row) {
			for _, change := range changes {
				change(r)
			}
		}
	}
	newID := func(r *output.Row) { r.RecordID = "2" }
	same := func(*output.Row) {}
	for _, test := range []struct {
		name     string
		old, new func(*output.Row)
		how      asked
		passes   [2]int64
		want     []string
	}{
		{"nothing", same, same, asked{}, [2]int64{}, nil},
		{"unknown now", same, unknown, asked{}, [2]int64{}, nil},
		{"unknown before", unknown, expired, asked{}, [2]int64{}, nil},
		{"adopted", gone, same, asked{}, [2]int64{}, []string{"adopted"}},
		{"adopted, broken", gone, invalid, asked{}, [2]int64{}, []string{"adopted"}},
		{"abandoned", same, gone, asked{}, [2]int64{}, []string{"abandoned abruptly!"}},
		{"abandoned from testing", mode("testing"), gone, asked{}, [2]int64{}, []string{"abandoned abruptly"}},
		{"abandoned from none", mode("none"), gone, asked{}, [2]int64{}, []string{"abandoned after mode none"}},
		{"abandoned, not known what", refused, gone, asked{}, [2]int64{}, []string{"abandoned abruptly"}},
		{"record broken", same, invalid, asked{}, [2]int64{}, []string{"record broken!"}},
		{"record broken, policy too", expired, invalid, asked{}, [2]int64{}, []string{"record broken"}},
		{"record mended", invalid, same, asked{}, [2]int64{}, []string{"record mended"}},
		{"policy broken", same, expired, asked{}, [2]int64{}, []string{"policy broken!"}},
		{"policy of mode none broken", mode("none"), expired, asked{}, [2]int64{}, []string{"policy broken"}},
		{"policy broken, or asked too seldom", same, refused, asked{fewerPasses: true}, [2]int64{2, 1}, nil},
		{"policy broken, and asked too seldom for nothing", same, expired, asked{fewerPasses: true}, [2]int64{2, 1}, []string{"policy broken!"}},
		{"policy waits", same, both(refused, func(r *output.Row) { r.Pending = "transient" }), asked{}, [2]int64{}, nil},
		{"policy not trusted by other roots", same, untrusted, asked{otherRoots: true}, [2]int64{}, nil},
		{"policy not trusted", same, untrusted, asked{}, [2]int64{}, []string{"policy broken!"}},
		{"policy behind a limit of this client", same, both(expired, func(r *output.Row) { r.Findings = []string{"client_limit_possible"} }), asked{}, [2]int64{}, nil},
		{"host opted out", same, func(r *output.Row) { fail(r, codes.StageDNS, codes.ReasonOptedOut) }, asked{}, [2]int64{}, nil},
		{"policy mended", expired, same, asked{}, [2]int64{}, []string{"policy mended"}},
		{"policy mended, or asked more often", refused, same, asked{}, [2]int64{1, 2}, nil},
		{"policy mended, asked as often", refused, same, asked{}, [2]int64{2, 2}, []string{"policy mended"}},
		{"fails otherwise", expired, refused, asked{}, [2]int64{}, []string{"fails otherwise"}},
		{"fails otherwise, or asked more often", refused, expired, asked{}, [2]int64{1, 2}, nil},
		{"mode raised", mode("testing"), both(mode("enforce"), newID), asked{}, [2]int64{}, []string{"policy and id changed", "mode raised"}},
		{"mode lowered, id forgotten", same, mode("none"), asked{}, [2]int64{}, []string{"mode lowered!", "policy changed, id did not!"}},
		{"max_age raised", same, func(r *output.Row) { r.MaxAge = new(int64(604801)) }, asked{}, [2]int64{}, []string{"max_age raised"}},
		{"max_age lowered", same, func(r *output.Row) { r.MaxAge = new(int64(86400)) }, asked{}, [2]int64{}, []string{"max_age lowered"}},
		{"id", same, newID, asked{}, [2]int64{}, []string{"id changed, policy did not"}},
		{"MX", same, drifted, asked{}, [2]int64{}, []string{"MX hosts refused!", "MX left the policy!"}},
		{"MX, and another policy", same, both(drifted, newID, func(r *output.Row) { r.PolicySHA256 = "bbbb" }), asked{}, [2]int64{}, []string{"MX hosts refused!", "policy and id changed"}},
		{"MX of a policy in mode testing", mode("testing"), both(mode("testing"), func(r *output.Row) { r.MXMatch = "some" }), asked{}, [2]int64{}, []string{"MX left the policy!"}},
		{"MX that was not asked for", func(r *output.Row) { r.MXMatch, r.Verdict = "unknown", "unknown" }, drifted, asked{}, [2]int64{}, nil},
		{"MX back", drifted, same, asked{}, [2]int64{}, []string{"MX covered again"}},
		{"certificates that the first run did not look at", same, certificates, asked{}, [2]int64{}, nil},
		{"certificates", func(r *output.Row) { r.VerdictBasis = "certificates" }, certificates, asked{}, [2]int64{}, []string{"MX hosts refused!"}},
		{"certificates by other roots", func(r *output.Row) { r.VerdictBasis = "certificates" }, certificates, asked{otherRoots: true}, [2]int64{}, nil},
		{"operator", same, func(r *output.Row) { r.HostCNAMEs = []string{"a.sts.provider.co.uk"} }, asked{}, [2]int64{}, []string{"operator changed"}},
		{"operator of a host that there was no reason to look up", func(r *output.Row) { r.HostCNAMEs = []string{"a.provider.net"} }, invalid, asked{}, [2]int64{}, []string{"record broken!"}},
		{"alias inside the domain", same, func(r *output.Row) { r.HostCNAMEs = []string{"web." + r.Domain} }, asked{}, [2]int64{}, nil},
	} {
		old, new := good("a.example"), good("a.example")
		test.old(&old)
		test.new(&new)
		texts := words{make(map[string]string)}
		p := &pair{
			domain: "a.example", old: knownOf(&old, asked{otherRoots: test.how.otherRoots}, &texts),
			new: knownOf(&new, test.how, &texts), otherRoots: test.how.otherRoots, passes: test.passes,
		}
		var got []string
		for _, c := range p.changes(Kinds()) {
			if c.Regression {
				c.Kind += "!"
			}
			if got = append(got, c.Kind); c.Before == c.After {
				t.Errorf("%s: %s: %q before and after", test.name, c.Kind, c.Before)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestCached has what senders experience that have the old policy in their cache.
func TestCached(t *testing.T) {
	const (
		senders = "Senders that cached the policy of 2026-11-29 02:30 "
		refuse  = senders + "refuse mail to mx3.example.net until 2026-12-06 02:30."
		goOn    = senders + "go on by it until 2026-12-06 02:30."
	)
	moved := func(r *output.Row) { r.MX = []output.MXHost{{Host: "mx.a.example"}, {Host: "mx3.example.net"}} }
	expired := func(r *output.Row) { fail(r, codes.StageTLS, codes.PolicyReason(codes.TLSExpired)) }
	lowered := func(r *output.Row) { r.Mode, r.PolicySHA256 = "none", "bbbb" }
	for _, test := range []struct {
		name     string
		old, new func(*output.Row)
		want     string
	}{
		{"the policy is gone, and a host is new", func(*output.Row) {}, func(r *output.Row) { expired(r); moved(r) }, refuse},
		{"the policy is gone", func(*output.Row) {}, expired, goOn},
		{"the record is gone", func(*output.Row) {}, func(r *output.Row) { *r = absent(r.Domain) }, goOn},
		{"mode none, which senders cannot see", func(*output.Row) {}, func(r *output.Row) { lowered(r); moved(r) }, refuse},
		{"mode none, which they can see", func(*output.Row) {}, func(r *output.Row) { lowered(r); moved(r); r.RecordID = "2" }, ""},
		{"a policy that asked for nothing", func(r *output.Row) { r.Mode = "testing" }, expired, ""},
		{"a policy that has ended everywhere", func(r *output.Row) { r.MaxAge = new(int64(3600)) }, expired, ""},
		{
			"a pattern covers the host",
			func(r *output.Row) { r.MXPatterns = []string{"*.example.net", "*.a.example"} },
			func(r *output.Row) { expired(r); moved(r) }, goOn,
		},
	} {
		old, new := good("a.example"), good("a.example")
		test.old(&old)
		test.new(&new)
		new.ObservedAt = old.ObservedAt.Add(24 * time.Hour)
		texts := words{make(map[string]string)}
		p := &pair{domain: "a.example", old: knownOf(&old, asked{}, &texts), new: knownOf(&new, asked{}, &texts)}
		if got := p.cached(&new); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestOperator has who serves a name by its aliases, as analysis/view.sql says it.
func TestOperator(t *testing.T) {
	for _, test := range []struct {
		delegatedTo string
		aliases     []string
		want        string
	}{
		{"", nil, ""},
		{"provider.net", []string{"a.other.net"}, "provider.net"},
		{"", []string{"b.example.net", "a.sts.provider.net"}, "provider.net"},
		{"", []string{"a.sts.provider.co.uk"}, "provider.co.uk"},
		{"", []string{"co.uk"}, "co.uk"},
		{"", []string{"www.a.example"}, ""},
		{"", []string{"a.example"}, ""},
		{"", []string{"www.ba.example"}, "ba.example"},
	} {
		row := good("www.a.example")
		row.SetRegisteredDomain("a.example")
		if got := operator(&row, test.delegatedTo, test.aliases); got != test.want {
			t.Errorf("delegated to %q, aliases %q: %q, want %q", test.delegatedTo, test.aliases, got, test.want)
		}
	}
}
