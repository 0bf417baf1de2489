package survey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/simnet"
)

// A slow Exchanger has an invalid record at _mta-sts.<name>, so that all else is asked of the mail side, and takes
// its time for other questions.
type slow struct {
	mtasts.Exchanger
	takes   map[string]time.Duration // to answer, by what the question begins with
	failing string                   // what begins with it meets a fault of this machine after that time
}

const silence = time.Hour

func (e slow) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	name := q.Question[0].Name
	key := name
	switch {
	case strings.HasPrefix(name, "_mta-sts."):
		key = "record"
	case strings.HasPrefix(name, "_smtp."):
		key = "tlsrpt"
	case strings.HasPrefix(name, "_25."):
		key, _, _ = strings.Cut(strings.TrimPrefix(name, "_25._tcp."), ".")
	case q.Question[0].Qtype == dns.TypeMX:
		key = "mx"
	case q.Question[0].Qtype == dns.TypeTXT:
		key = "wildcard"
	}
	select {
	case <-time.After(e.takes[key]):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if key == e.failing {
		return nil, errLocal{}
	}
	lines := map[uint16][]string{
		dns.TypeMX:   {"$ 60 IN MX 10 mx1.example.com.", "$ 60 IN MX 20 mx2.example.com.", "$ 60 IN MX 30 mx3.example.com."},
		dns.TypeA:    {"$ 60 IN A 22.9.0.1"},
		dns.TypeTLSA: {"$ 60 IN TLSA 3 1 1 " + strings.Repeat("00", 32)},
		dns.TypeTXT:  {`$ 60 IN TXT "v=TLSRPTv1; rua=mailto:a@example.com"`},
	}[q.Question[0].Qtype]
	if key == "record" {
		lines = []string{`$ 60 IN TXT "v=STSv1;"`}
	}
	m := new(dns.Msg).SetReply(q)
	for _, line := range lines {
		rr, err := dns.NewRR(strings.ReplaceAll(line, "$", name))
		if err != nil {
			return nil, err
		}
		m.Answer = append(m.Answer, rr)
	}
	m.AuthenticatedData = true
	return m, nil
}

// What is asked of the mail side of a domain is asked side by side: silence costs its time once, a fault of ours
// ends the rest, and the row does not depend on who answers first.
func TestMailSideBySide(t *testing.T) {
	for _, tt := range []struct {
		title   string
		takes   map[string]time.Duration
		failing string
		took    time.Duration
	}{
		{"each takes two seconds", map[string]time.Duration{
			"wildcard": 2 * time.Second, "tlsrpt": 2 * time.Second, "mx": 2 * time.Second,
		}, "", 2 * time.Second},
		{"the hosts too", map[string]time.Duration{
			"mx": time.Second, "mx1": 3 * time.Second, "mx2": 2 * time.Second, "mx3": time.Second,
		}, "", 4 * time.Second},
		{"nothing but silence", map[string]time.Duration{
			"wildcard": silence, "tlsrpt": silence, "mx": silence,
		}, "", 20 * time.Second},
		{"hosts of silence", map[string]time.Duration{"mx1": silence, "mx2": silence, "mx3": silence}, "", 20 * time.Second},
		{"a fault at the wildcard", map[string]time.Duration{"wildcard": time.Second, "mx": silence}, "wildcard",
			time.Second},
		{"a fault at TLSRPT", map[string]time.Duration{"tlsrpt": time.Second, "wildcard": silence}, "tlsrpt", time.Second},
		{"a fault at MX", map[string]time.Duration{"mx": time.Second, "tlsrpt": silence}, "mx", time.Second},
		{"a fault at a host", map[string]time.Duration{"mx1": silence, "mx3": time.Second}, "mx3", time.Second},
	} {
		t.Run(tt.title, func(t *testing.T) {
			world, err := simnet.Open(fetchWorld)
			if err != nil {
				t.Fatal(err)
			}
			defer world.Close()
			synctest.Test(t, func(t *testing.T) {
				config := through(t, slow{world, tt.takes, tt.failing}, world)
				began := time.Now()
				row, err := Domain(t.Context(), config, domains.Name{Domain: "example.com", Rank: 1})
				if got := time.Since(began); got != tt.took {
					t.Errorf("took %v, want %v", got, tt.took)
				}
				if tt.failing != "" {
					if !errors.Is(err, errLocal{}) || row != nil {
						t.Errorf("%v, %v", row, err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				is := func(key string, said, unknown string) string {
					if tt.takes[key] == silence {
						return unknown
					}
					return said
				}
				unknown := string(codes.MXUnknown)
				if want := is("mx", string(codes.MXHosts), unknown); row.MXKind != want {
					t.Errorf("MX %s, want %s", row.MXKind, want)
				}
				if want := is("tlsrpt", string(codes.RecordValid), unknown); row.TLSRPT != want {
					t.Errorf("TLSRPT %s, want %s", row.TLSRPT, want)
				}
				if (row.WildcardSuspected == nil) != (tt.takes["wildcard"] == silence) {
					t.Errorf("wildcard %v", row.WildcardSuspected)
				}
				var records []string
				for _, host := range row.MX {
					key, _, _ := strings.Cut(host.Host, ".")
					want := is(key, string(codes.TLSAUsable), unknown)
					if host.TLSA == nil || *host.TLSA != want {
						t.Errorf("TLSA of %s: %v, want %s", host.Host, host.TLSA, want)
					}
					if want != unknown {
						records = append(records, host.Host+" 3 1 1 "+strings.Repeat("00", 32))
					}
				}
				if !slices.Equal(row.TLSARecords, records) {
					t.Errorf("%q, want %q", row.TLSARecords, records)
				}
			})
		})
	}
}

// The questions about the mail side have as long as a retrieval in the last pass, whichever pass it is that comes
// after the first.
func TestMailDeadline(t *testing.T) {
	for repass, want := range map[bool]time.Duration{false: 20 * time.Second, true: time.Minute} {
		r := New(Config{Deadline: 20 * time.Second, Passes: 2, Repass: repass}, t.Context())
		if got := r.mailDeadline(); got != want {
			t.Errorf("repass %v: %v, want %v", repass, got, want)
		}
	}
}
