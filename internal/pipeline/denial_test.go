package pipeline

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// A deniedBy is a reply without answers to the question for one name.
type deniedBy struct {
	rcode int
	soas  []string // owners; "@" stands for the name asked for
	ns    bool     // a name server stands before them
}

// denials are all combinations. Zones that end like the name, are below it or beside it have nothing to say about
// it.
func denials() (all []deniedBy) {
	owners := []string{"", ".", "com.", "example.com.", "@", "a.@", "xample.com.", "example.org.", "d0.example.com."}
	for _, rcode := range []int{dns.RcodeSuccess, dns.RcodeNameError} {
		for _, first := range owners {
			for _, second := range owners {
				for _, ns := range []bool{false, true} {
					d := deniedBy{rcode: rcode, ns: ns}
					for _, owner := range []string{first, second} {
						if owner != "" {
							d.soas = append(d.soas, owner)
						}
					}
					all = append(all, d)
				}
			}
		}
	}
	return all
}

func (d deniedBy) reply(q *dns.Msg) *dns.Msg {
	name := q.Question[0].Name
	m := new(dns.Msg).SetRcode(q, d.rcode)
	if d.ns {
		m.Ns = append(m.Ns, &dns.NS{Hdr: dns.RR_Header{Name: "com.", Rrtype: dns.TypeNS, Class: dns.ClassINET},
			Ns: "ns.example."})
	}
	for _, owner := range d.soas {
		switch owner {
		case "@":
			owner = name
		case "a.@":
			owner = "a." + name
		}
		m.Ns = append(m.Ns, &dns.SOA{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeSOA, Class: dns.ClassINET},
			Ns: "ns.example.", Mbox: "h.example."})
	}
	return m
}

// holds reports whether it denies something: a zone denies what is in it.
func (d deniedBy) holds() bool {
	for _, owner := range d.soas {
		switch owner {
		case "a.@", "xample.com.", "example.org.", "d0.example.com.":
			return false
		}
	}
	return d.rcode == dns.RcodeNameError || len(d.soas) > 0 || !d.ns // NODATA of type 3: RFC 2308, section 2.2
}

// serveDenials answers the i-th name with the i-th denial.
func serveDenials(t *testing.T, all []deniedBy) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		var i int
		if _, err := fmt.Sscanf(q.Question[0].Name, mtasts.RecordLabel+".d%d.", &i); err != nil || i < 1 || i > len(all) {
			t.Errorf("asked for %v", q.Question)
			return
		}
		_ = w.WriteMsg(all[i-1].reply(q))
	})}
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.ActivateAndServe() })
	<-started
	t.Cleanup(func() {
		_ = server.Shutdown()
		serving.Wait()
	})
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Whether a reply is a denial is the same for the sieve, which has read the most of them by itself, and for a
// lookup, which has the message.
func TestDenialsOnBothPaths(t *testing.T) {
	all := denials()
	engine, err := resolver.New(resolver.Config{Upstreams: []netip.AddrPort{serveDenials(t, all)},
		Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	var mu sync.Mutex
	answers := make(map[int64]resolver.Answer)
	asked := 0
	err = engine.Sweep(t.Context(), func(into []resolver.Question) (n int, more bool) {
		for ; n < len(into) && asked < len(all); n++ {
			asked++
			into[n] = resolver.Question{Label: mtasts.RecordLabel, Name: domainOf(int64(asked)), Type: dns.TypeTXT,
				Tag: int64(asked)}
		}
		return n, asked < len(all)
	}, func(some []resolver.Answer) {
		mu.Lock()
		defer mu.Unlock()
		for _, a := range some {
			answers[a.Tag] = a
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	quickly := 0
	for i, d := range all {
		domain := domainOf(int64(i + 1))
		a := answers[int64(i+1)]
		lookup, _ := mtasts.ReadReply(domain, d.reply(mtasts.RecordQuestion(domain))).Lookup(t.Context(), nil)
		if absent := lookup.Class == "absent"; absent != d.holds() {
			t.Errorf("%+v: the lookup says %s, %s", d, lookup.Class, lookup.Reason)
		}
		switch a.Outcome {
		case resolver.NXDOMAIN, resolver.NODATA:
			quickly++
			if reason := mtasts.NegativeReason(domain, a.Rcode, a.Zone); !d.holds() || reason != lookup.Reason {
				t.Errorf("%+v: the sieve says %s, and the lookup %s, %s", d, reason, lookup.Class, lookup.Reason)
			}
		case resolver.Reply:
			if d.holds() && len(d.soas) < 2 {
				t.Errorf("%+v: the sieve has not read it", d)
			}
		default:
			t.Errorf("%+v: %v", d, a.Err)
		}
	}
	if quickly < len(all)/20 {
		t.Errorf("the sieve has read %d of %d", quickly, len(all))
	}
}
