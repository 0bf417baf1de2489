package survey

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/simnet"
	"stsscan/internal/starttls"
	"stsscan/internal/verify"
)

// Asked of every domain, the mail side equals the truth of the population, with a record and without, and every
// word of its columns is met.
func TestMailEqualsTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Generate("errors", 11, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := through(t, impatient{world}, world)
		config.Deadline = 4 * time.Second
		config.Mail = Mail{MX: ExtentAll, TLSRPT: ExtentAll, DANE: ExtentAll}
		seen := make(map[string]bool)
		for i := range 1200 {
			domain := domainOf(i)
			if i%8 == 0 { // a name that others' mail and redirects lead to may be a Policy Domain too
				domain = []string{"smtp.", "www.", "mx1."}[i%3] + domain
			}
			truth, ok := world.Truth(domain, int64(i+1))
			if !ok {
				t.Fatalf("%s: no truth", domain)
			}
			row := surveyed(t, config, domain)
			for _, difference := range verify.CompareTruth(row, truth) {
				t.Errorf("%s (%s): %s", domain, truth.Class, difference)
			}
			if row.MXKind == "" || row.TLSRPT == "" || row.DANE == "" || row.Verdict == "" {
				t.Errorf("%s: not asked: %q %q %q %q", domain, row.MXKind, row.TLSRPT, row.DANE, row.Verdict)
			}
			for _, word := range []string{row.MXKind, row.MXMatch, row.Mismatch, row.TLSRPT, row.TLSRPTReason, row.Verdict,
				row.VerdictBasis} {
				seen[word] = true
			}
			for _, finding := range row.Findings {
				seen[finding] = true
			}
		}
		wantWords(t, seen, codes.MXKinds())
		wantWords(t, seen, codes.MXMatches())
		wantWords(t, seen, []codes.Mismatch{codes.MismatchMTASTSLabel, codes.MismatchExtraLabel, codes.MismatchTypo,
			codes.MismatchDifferentDomain})
		wantWords(t, seen, codes.Verdicts())
		wantWords(t, seen, []codes.Finding{
			codes.FindMXNotCovered, codes.FindMXPartlyCovered, codes.FindMXPatternUnused, codes.FindMXWildcardBroad,
			codes.FindMXHostPseudo, codes.FindPolicyWithoutMail, codes.FindWildcard, codes.FindDelegationHalf,
			codes.FindCustomerFrozen, codes.FindTLSRPTMissing, codes.FindTLSRPTInvalid, codes.FindTLSRPTRUA,
			codes.FindNullMXPreference, codes.FindNullMXNotAlone,
		})
	})
}

// Each situation of the world of the mail side ends in the row that its truth line states.
func TestMailWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Open("../simnet/testdata/mail.txtar")
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := inWorld(t, world)
		config.Mail = Mail{MX: ExtentAll, TLSRPT: ExtentAll, DANE: ExtentAll, Prober: newProber(t, config)}
		for _, domain := range world.Domains() {
			truth, _ := world.Truth(domain, 0)
			row := surveyed(t, config, domain)
			for _, difference := range verify.CompareTruth(row, truth) {
				t.Errorf("%s: %s", domain, difference)
			}
			if bad := slices.Contains(row.Findings, string(codes.FindTLSRPTRUA)); bad != (domain == "bad.example.com") {
				t.Errorf("%s: %q", domain, row.Findings)
			}
		}
	})
}

// newProber makes a Prober that connects as the transport of a Config does.
func newProber(t *testing.T, config Config) *starttls.Prober {
	t.Helper()
	transport, ok := config.Client.Transport.(*egress.Transport)
	if !ok {
		t.Fatal("no transport of our own")
	}
	return starttls.New(starttls.Config{Dialer: MailDoor(transport.MailDialer()), Deadline: config.Deadline})
}

// impatient is an Exchanger that gives each question a second.
type impatient struct{ mtasts.Exchanger }

func (e impatient) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return e.Exchanger.Exchange(ctx, q)
}

func wantWords[W ~string](t *testing.T, seen map[string]bool, words []W) {
	t.Helper()
	for _, w := range words {
		if !seen[string(w)] {
			t.Errorf("no %s", w)
		}
	}
}

// Each extent covers the domains that it names, and no others.
func TestExtents(t *testing.T) {
	world, err := simnet.Open(fetchWorld)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	for _, tt := range []struct {
		name   string
		extent Extent
		domain string
		asked  bool
	}{
		{"record", ExtentRecord, "fetch-35.example.com", true},
		{"record", ExtentRecord, "fetch-01.example.com", false},
		{"all", ExtentAll, "fetch-01.example.com", true},
		{"none", ExtentNone, "fetch-35.example.com", false},
	} {
		config := inWorld(t, world)
		config.Mail = Mail{MX: tt.extent, TLSRPT: tt.extent, DANE: tt.extent}
		row := surveyed(t, config, tt.domain)
		if (row.MXKind != "") != tt.asked || (row.TLSRPT != "") != tt.asked || (row.DANE != "") != tt.asked {
			t.Errorf("%s, %s: %q %q %q", tt.name, tt.domain, row.MXKind, row.TLSRPT, row.DANE)
		}
		if row.Verdict == "" {
			t.Errorf("%s, %s: no verdict", tt.name, tt.domain)
		}
	}
}

// faultyFor is an Exchanger that fails, for reasons of this machine, at one type.
type faultyFor struct {
	mtasts.Exchanger
	qtype uint16
}

func (e faultyFor) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	if q.Question[0].Qtype == e.qtype {
		return nil, errLocal{}
	}
	return e.Exchanger.Exchange(ctx, q)
}

// A fault of this machine in the mail side is no finding either: there is no row.
func TestMailLocalFaults(t *testing.T) {
	world, err := simnet.Generate("errors", 11, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	for _, qtype := range []uint16{dns.TypeMX, dns.TypeTLSA} {
		config := through(t, faultyFor{world, qtype}, world)
		config.Mail = Mail{MX: ExtentAll, DANE: ExtentAll}
		asked := false
		for i := 0; i < 1000 && !asked; i++ {
			name := domains.Name{Domain: domainOf(i), Rank: 1, List: "made up"}
			truth, _ := world.Truth(name.Domain, 1)
			if truth.MXKind != codes.MXHosts || slices.Contains(truth.TLSA, string(codes.TLSAInsecure)) {
				continue // not asked for its TLSA records
			}
			row, err := Domain(t.Context(), config, name)
			if !errors.Is(err, errLocal{}) || row != nil {
				t.Errorf("%s, %s: %v, %v", dns.Type(qtype), name.Domain, row, err)
			}
			asked = true
		}
		if !asked {
			t.Errorf("%s was not asked for", dns.Type(qtype))
		}
	}
}

// Probed, certificates count: the verdict is that of the truth, and each host is talked to once, politely.
func TestProbeEqualsTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Generate("errors", 11, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		var mu sync.Mutex
		talked := make(map[netip.Addr][]simnet.Session)
		world.WatchMail(func(s simnet.Session) {
			mu.Lock()
			defer mu.Unlock()
			talked[s.Addr] = append(talked[s.Addr], s)
		})
		config := through(t, impatient{world}, world)
		config.Deadline = 4 * time.Second
		config.Mail.Prober = newProber(t, config)
		hosts, seen := make(map[string]bool), make(map[string]bool)
		for i := range 700 {
			domain := domainOf(i)
			truth, _ := world.Truth(domain, int64(i+1))
			row := surveyed(t, config, domain)
			for _, difference := range verify.CompareTruth(row, truth) {
				t.Errorf("%s (%s): %s", domain, truth.Class, difference)
			}
			for _, host := range row.MX {
				if host.STARTTLS != nil {
					hosts[host.Host], seen[*host.STARTTLS] = true, true
				}
			}
			seen[row.Verdict], seen[row.VerdictBasis], seen[row.MXTLS], seen[row.TLSRPTResult] = true, true, true, true
		}
		synctest.Wait() // for the servers to have told their last
		mu.Lock()
		defer mu.Unlock()
		for addr, sessions := range talked {
			for _, s := range sessions {
				for _, command := range s.Commands {
					if !slices.Contains([]string{"EHLO [22.0.0.1]", "HELO [22.0.0.1]", "STARTTLS", "QUIT"}, command) {
						t.Errorf("%s heard %q", addr, command)
					}
				}
			}
		}
		wantWords(t, seen, codes.MXTLSs())
		wantWords(t, seen, codes.Bases())
		wantWords(t, seen, codes.Verdicts())
		wantWords(t, seen, []codes.STARTTLS{codes.STARTTLSOK, codes.STARTTLSCertificate, codes.STARTTLSHandshake,
			codes.STARTTLSNotOffered, codes.STARTTLSRefused, codes.STARTTLSNoConnection})
		wantWords(t, seen, []codes.TLSRPTResult{codes.TLSRPTValidation, codes.TLSRPTNoSTARTTLS, codes.TLSRPTCertName,
			codes.TLSRPTCertExpired, codes.TLSRPTCertNotTrusted})
		count := 0
		for _, sessions := range talked {
			count += len(sessions)
		}
		if count > len(hosts) {
			t.Errorf("%d sessions with %d hosts", count, len(hosts))
		}
	})
}

// Senders that find no record, or none that they can use, report nothing about it.
func TestNoResultWithoutRecord(t *testing.T) {
	world, err := simnet.Generate("errors", 11, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	config := inWorld(t, world)
	seen := make(map[codes.Record]bool)
	for i := 0; len(seen) < 3; i++ {
		truth, _ := world.Truth(domainOf(i), 1)
		switch truth.Record {
		case codes.RecordAbsent, codes.RecordInvalid, codes.RecordMultiple:
		default:
			continue
		}
		if seen[truth.Record] {
			continue
		}
		seen[truth.Record] = true
		if row := surveyed(t, config, domainOf(i)); row.TLSRPTResult != "" {
			t.Errorf("%s: %s: %s", row.Domain, row.Record, row.TLSRPTResult)
		}
	}
}
