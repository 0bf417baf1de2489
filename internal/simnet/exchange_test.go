package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

const dnsWorld = `
-- zone --
$ORIGIN example.com.
@          3600 SOA ns1 hostmaster 7 7200 3600 1209600 600
_mta-sts   300  TXT "v=STSv1; id=1;"
alias      300  CNAME hop.example.net.
dangling   300  CNAME nowhere.example.net.
failing    300  CNAME broken.example.net.
odd        300  CNAME referral.example.net.
veiled     300  CNAME filtered.example.net.
loop       300  CNAME pool
pool       300  CNAME loop
self       300  CNAME self
first      300  CNAME _mta-sts
a.b.deep   300  TXT "deep"
*.wild     300  TXT "star"
*.wildname 300  CNAME _mta-sts
x.wild     300  A 22.1.0.1
old        300  DNAME example.net.
big        300  TXT "` + "%[1]s" + `"
$ORIGIN example.net.
@          300  DNSKEY 257 3 13 AAAA
hop        300  CNAME end
end        300  TXT "end"
mta-sts    300  A 22.1.0.2
two        300  A 22.1.0.3
two        300  AAAA 3ffe:5753:1::3
-- faults --
broken.example.net dns servfail ede 22
refused.example.com dns refused
silent.example.com dns silent
garbage.example.com dns garbage
malformed.example.com dns malformed
big.example.com dns truncate-udp
_mta-sts.example.com dns truncate
referral.example.net dns referral
filtered.example.net dns filtered
first.example.com dns first-hop
rcode.example.com dns rcode 9
two.example.net dns servfail AAAA
bare.example.net dns no-soa
deep.example.net dns stray
*.below.example.net dns refused
own.below.example.net dns no-soa
`

func openDNS(t testing.TB) *World {
	return openText(t, fmt.Sprintf(dnsWorld, strings.Repeat("x", 250)))
}

// summary is a reply in one line: code, flags, answer, owner of the SOA or NS in the authority section,
// extended errors.
func summary(m *dns.Msg) string {
	var s strings.Builder
	s.WriteString(dns.RcodeToString[m.Rcode])
	if m.Truncated {
		s.WriteString(" tc")
	}
	if m.AuthenticatedData {
		s.WriteString(" ad")
	}
	for _, rr := range m.Answer {
		fields := strings.Fields(rr.String())
		fmt.Fprintf(&s, " %s %s %s;", fields[0], fields[3], strings.Join(fields[4:], " "))
	}
	for _, rr := range m.Ns {
		fmt.Fprintf(&s, " %s of %s", dns.Type(rr.Header().Rrtype), rr.Header().Name)
	}
	if opt := m.IsEdns0(); opt != nil {
		for _, o := range opt.Option {
			fmt.Fprintf(&s, " %s", o)
		}
	}
	return s.String()
}

func TestExchange(t *testing.T) {
	w := openDNS(t)
	const txt, soaTXT = dns.TypeTXT, " SOA of example.com."
	cases := []struct {
		name  string
		qtype uint16
		want  string
	}{
		{"_mta-sts.example.com", txt, `NOERROR _mta-sts.example.com. TXT "v=STSv1; id=1;";`},
		{"_MTA-STS.Example.COM.", txt, `NOERROR _mta-sts.example.com. TXT "v=STSv1; id=1;";`}, // RFC 4343
		{"_mta-sts.example.com", dns.TypeA, "NOERROR" + soaTXT},                               // NODATA
		{"b.deep.example.com", txt, "NOERROR" + soaTXT},                                       // empty non-terminal
		{"nowhere.example.com", txt, "NXDOMAIN" + soaTXT},
		{"a.nowhere.example.com", txt, "NXDOMAIN" + soaTXT},
		{"below._mta-sts.example.com", txt, "NXDOMAIN" + soaTXT},
		{"nowhere.example", txt, "NXDOMAIN SOA of example."},  // in no zone: the top level denies it
		{"_mta-sts.example.org", txt, "NXDOMAIN SOA of org."}, // likewise
		{"com", txt, "NOERROR SOA of com."},                   // a top level with a zone below
		{".", txt, "NOERROR SOA of ."},                        // the root
		{"example.com", dns.TypeSOA, "NOERROR example.com. SOA ns1.example.com. hostmaster.example.com. 7 7200 3600 1209600 600;"},
		{"com", dns.TypeSOA, "NOERROR com. SOA ns1.com. hostmaster.com. 1 7200 3600 1209600 300;"},
		{"example.com", dns.TypeNS, "NOERROR example.com. NS ns1.example.com.;"},
		{"alias.example.com", txt, `NOERROR alias.example.com. CNAME hop.example.net.; hop.example.net. CNAME end.example.net.; end.example.net. TXT "end";`},
		{"alias.example.com", dns.TypeCNAME, "NOERROR alias.example.com. CNAME hop.example.net.;"},
		{"alias.example.com", dns.TypeANY, "NOERROR alias.example.com. CNAME hop.example.net.;"},
		{"end.example.net", dns.TypeANY, `NOERROR ad end.example.net. HINFO "RFC8482" "";`},
		{"dangling.example.com", txt, "NXDOMAIN dangling.example.com. CNAME nowhere.example.net.; SOA of example.net."}, // RFC 6604
		{"loop.example.com", txt, "NOERROR loop.example.com. CNAME pool.example.com.; pool.example.com. CNAME loop.example.com.;"},
		{"self.example.com", txt, "NOERROR self.example.com. CNAME self.example.com.;"},
		{"any.wild.example.com", txt, `NOERROR any.wild.example.com. TXT "star";`},
		{"a.any.wild.example.com", txt, `NOERROR a.any.wild.example.com. TXT "star";`},
		{"any.wild.example.com", dns.TypeA, "NOERROR" + soaTXT},
		{"x.wild.example.com", txt, "NOERROR" + soaTXT},    // the name exists: no wildcard
		{"a.x.wild.example.com", txt, "NXDOMAIN" + soaTXT}, // its closest encloser has no wildcard
		{"wild.example.com", txt, "NOERROR" + soaTXT},      // a wildcard is not for the name itself
		{"*.wild.example.com", txt, `NOERROR *.wild.example.com. TXT "star";`},
		{"any.wildname.example.com", txt, `NOERROR any.wildname.example.com. CNAME _mta-sts.example.com.; _mta-sts.example.com. TXT "v=STSv1; id=1;";`},
		{"end.old.example.com", txt, `NOERROR old.example.com. DNAME example.net.; end.old.example.com. CNAME end.example.net.; end.example.net. TXT "end";`},
		{"nowhere.example.net", txt, "NXDOMAIN ad SOA of example.net."}, // a signed zone
		{"two.example.net", dns.TypeA, "NOERROR ad two.example.net. A 22.1.0.3;"},
		{"two.example.net", dns.TypeAAAA, "SERVFAIL"}, // a fault of one type

		{"broken.example.net", txt, "SERVFAIL 22 (No Reachable Authority): ()"},
		{"failing.example.com", txt, "SERVFAIL 22 (No Reachable Authority): ()"}, // the alias is lost, as with real resolvers
		{"refused.example.com", txt, "REFUSED"},
		{"rcode.example.com", txt, "NOTAUTH"},
		{"referral.example.net", txt, "NOERROR NS of example.net."},
		{"odd.example.com", txt, "NOERROR odd.example.com. CNAME referral.example.net.; NS of example.net."},
		{"bare.example.net", txt, "NXDOMAIN ad"},
		{"below.example.net", txt, "NXDOMAIN ad SOA of example.net."},
		{"a.b.below.example.net", txt, "REFUSED"},
		{"own.below.example.net", txt, "NXDOMAIN ad"},
		{"deep.example.net", txt, "NXDOMAIN ad SOA of stray.example."},
		{"filtered.example.net", txt, "NXDOMAIN 17 (Filtered): ()"},
		{"veiled.example.com", txt, "NXDOMAIN veiled.example.com. CNAME filtered.example.net.; 17 (Filtered): ()"},
		{"first.example.com", txt, "NOERROR first.example.com. CNAME _mta-sts.example.com.;"},
		{"big.example.com", txt, "NOERROR tc"},
		{"example.com", dns.TypeAXFR, "REFUSED"},
	}
	for _, c := range cases {
		reply, err := w.Exchange(t.Context(), question(c.name, c.qtype))
		if err != nil {
			t.Errorf("%s %s: %v", c.name, dns.Type(c.qtype), err)
			continue
		}
		if got := summary(reply); got != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.name, dns.Type(c.qtype), got, c.want)
		}
		if _, err := reply.Pack(); err != nil {
			t.Errorf("%s %s does not pack: %v", c.name, dns.Type(c.qtype), err)
		}
	}
}

// A denial may be kept for the lesser of the SOA's TTL and its minimum.
func TestDenialTTL(t *testing.T) {
	reply, err := openDNS(t).Exchange(t.Context(), question("nowhere.example.com", dns.TypeTXT))
	if err != nil || len(reply.Ns) != 1 || reply.Ns[0].Header().Ttl != 600 {
		t.Errorf("%v, %v, want a TTL of 600", reply, err)
	}
}

func TestExchangeHeader(t *testing.T) {
	w := openDNS(t)
	cases := []struct {
		name   string
		change func(*dns.Msg)
		want   string
	}{
		{"as asked", func(*dns.Msg) {}, "NOERROR ad"},
		{"neither AD nor DO", func(q *dns.Msg) { q.AuthenticatedData = false }, "NOERROR"},
		{"DO", func(q *dns.Msg) { q.AuthenticatedData = false; q.IsEdns0().SetDo() }, "NOERROR ad"},
		{"no EDNS", func(q *dns.Msg) { q.Extra = nil }, "NOERROR ad"},
		{"no RD", func(q *dns.Msg) { q.RecursionDesired = false }, "REFUSED"},
		{"another class", func(q *dns.Msg) { q.Question[0].Qclass = dns.ClassCHAOS }, "REFUSED"},
		{"another opcode", func(q *dns.Msg) { q.Opcode = dns.OpcodeNotify }, "NOTIMP"},
		{"another EDNS", func(q *dns.Msg) { q.IsEdns0().SetVersion(1) }, "BADVERS"},
		{"no question", func(q *dns.Msg) { q.Question = nil }, "FORMERR"},
		{"two questions", func(q *dns.Msg) { q.Question = append(q.Question, q.Question[0]) }, "FORMERR"},
		{"a reply", func(q *dns.Msg) { q.Response = true }, "FORMERR"},
	}
	for _, c := range cases {
		q := question("nowhere.example.net", dns.TypeTXT)
		c.change(q)
		reply, err := w.Exchange(t.Context(), q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if reply.Rcode == dns.RcodeNameError {
			reply.Rcode = dns.RcodeSuccess // the flags are meant here
		}
		reply.Ns = nil
		if got := summary(reply); got != c.want && !(c.name == "another EDNS" && reply.Rcode == dns.RcodeBadVers) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if reply.Id != q.Id || !reply.Response || !reply.RecursionAvailable || reply.RecursionDesired != q.RecursionDesired {
			t.Errorf("%s: header %+v", c.name, reply.MsgHdr)
		}
		if (reply.IsEdns0() == nil) != (q.IsEdns0() == nil) {
			t.Errorf("%s: EDNS is not answered in kind", c.name)
		}
	}
}

// The reply is the caller's to change.
func TestExchangeCopies(t *testing.T) {
	w := openDNS(t)
	q := question("_mta-sts.example.com", dns.TypeTXT)
	first, _ := w.Exchange(t.Context(), q)
	first.Answer[0].Header().Name, first.Question[0].Name = "spoilt.", "spoilt."
	first.Answer[0].(*dns.TXT).Txt[0] = "spoilt"
	second, _ := w.Exchange(t.Context(), q)
	if got, want := summary(second), `NOERROR _mta-sts.example.com. TXT "v=STSv1; id=1;";`; got != want ||
		q.Question[0].Name == "spoilt." {
		t.Errorf("second reply %s, want %s", got, want)
	}
}

// Silence lasts as long as the caller has patience, whatever that is.
func TestExchangeFails(t *testing.T) {
	cases := []struct {
		name   string
		reason codes.RecordReason // none: the failure is the caller's own
		err    error
		cancel bool
	}{
		{"silent.example.com", codes.RecordTimeout, context.DeadlineExceeded, false},
		{"garbage.example.com", codes.RecordTimeout, context.DeadlineExceeded, false},
		{"malformed.example.com", codes.RecordMalformed, dns.ErrRdata, false},
		{"silent.example.com", "", context.Canceled, true},
	}
	for _, c := range cases {
		inBubble(t, c.name, func(t *testing.T) {
			w := openDNS(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if c.cancel {
				time.AfterFunc(time.Minute, cancel)
			}
			_, err := w.Exchange(ctx, question(c.name, dns.TypeTXT))
			var said interface{ RecordReason() codes.RecordReason }
			if !errors.Is(err, c.err) || errors.As(err, &said) != (c.reason != "") ||
				said != nil && said.RecordReason() != c.reason {
				t.Errorf("%s: %v, want %v with reason %q", c.name, err, c.err, c.reason)
			}
		})
	}
}

// A chain without end is given up, later than a scanner does.
func TestExchangeBound(t *testing.T) {
	var zone strings.Builder
	zone.WriteString("-- zone --\n")
	for i := range 40 {
		fmt.Fprintf(&zone, "hop-%d.example.com. CNAME hop-%d.example.com.\n", i, i+1)
	}
	reply, err := openText(t, zone.String()).Exchange(t.Context(), question("hop-0.example.com", dns.TypeTXT))
	if err != nil || len(reply.Answer) != maxHops || reply.Rcode != dns.RcodeSuccess || len(reply.Ns) != 0 {
		t.Errorf("%v, %v, want %d aliases and nothing else", reply, err, maxHops)
	}
}

// Close waits for the goroutines of the world.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openDNS(t)
		_, server := ends()
		w.start(server, func() { time.Sleep(time.Hour) })
		start := time.Now()
		w.Close()
		if waited := time.Since(start); waited != time.Hour {
			t.Errorf("waited %v, want an hour", waited)
		}
	})
}

// Close ends what waits.
func TestCloseEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openDNS(t)
		time.AfterFunc(time.Minute, w.Close)
		if _, err := w.Exchange(t.Context(), question("silent.example.com", dns.TypeTXT)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Exchange: %v, want %v", err, net.ErrClosed)
		}
		w = openDNS(t)
		time.AfterFunc(time.Minute, w.Close)
		if _, err := w.DialContext(t.Context(), "tcp", "22.3.0.1:443"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("DialContext to silence: %v, want %v", err, net.ErrClosed)
		}
		if _, err := w.DialContext(t.Context(), "tcp", "22.1.0.2:443"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("DialContext: %v, want %v", err, net.ErrClosed)
		}
		w.Close() // twice is once
	})
}
