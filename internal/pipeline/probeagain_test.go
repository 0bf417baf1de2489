package pipeline

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/starttls"
)

// An mxTown is a town whose domain d<i> has one of a few MX hosts, which those of other parts have too.
type mxTown struct {
	*town
	hosts []string
}

// hostOf is the MX host of a domain.
func (w mxTown) hostOf(domain string) string {
	var i int
	_, _ = fmt.Sscanf(domain, "d%d.", &i)
	return w.hosts[i%len(w.hosts)]
}

func (w mxTown) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	asked := q.Question[0]
	if asked.Qtype != dns.TypeMX {
		return w.town.Exchange(ctx, q)
	}
	reply := new(dns.Msg).SetReply(q)
	reply.Answer = []dns.RR{&dns.MX{
		Hdr: dns.RR_Header{Name: asked.Name, Rrtype: dns.TypeMX, Class: dns.ClassINET, Ttl: 60}, Preference: 10, Mx: w.hostOf(asked.Name) + ".",
	}}
	return reply, nil
}

// Dialogues of mail servers, and other behaviour.
const (
	offersTLS  = "220 mx\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n"
	withoutTLS = "220 mx\r\n250 mx\r\n221 bye\r\n"
	refusesAll = "554 no\r\n221 bye\r\n"
	isClosed   = "closed"
	hasShare   = "later"  // not dialled, for the sake of manners
	isOurs     = "no way" // not dialled, for a fault of this machine
)

// A moodyDoor is the way to mail servers that say another thing each time.
type moodyDoor struct {
	says map[string][]string // by host; the last one stays

	mu    sync.Mutex
	tried map[string]int
	at    map[string][]time.Time // by host, when it was talked to, or was closed
}

func (d *moodyDoor) Dial(_ context.Context, host string, _ time.Duration) (net.Conn, netip.Addr, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	addr := netip.MustParseAddr("198.18.9.1")
	says := d.says[host][min(d.tried[host], len(d.says[host])-1)]
	d.tried[host]++
	switch says {
	case hasShare:
		return nil, addr, errLater{}
	case isOurs:
		return nil, addr, errLocal{}
	}
	d.at[host] = append(d.at[host], time.Now())
	if says == isClosed {
		return nil, addr, net.ErrClosed
	}
	return &recital{replies: strings.NewReader(says)}, addr, nil
}

func (d *moodyDoor) Secure(_ context.Context, _ net.Conn, host string) (net.Conn, starttls.Peer, error) {
	peer := starttls.Peer{TLSVersion: "1.3", CertSHA256: "ab", ShortKey: host == hasShortKey}
	return &recital{replies: strings.NewReader("221 bye\r\n")}, peer, nil
}

// hasShortKey is the host whose certificate has a short key.
const hasShortKey = "short.example.net"

// A recital is a connection to a server that says its lines, whatever it hears.
type recital struct {
	net.Conn // nil
	replies  *strings.Reader
}

func (r *recital) Read(p []byte) (int, error)      { return r.replies.Read(p[:min(len(p), 1)]) }
func (r *recital) Write(p []byte) (int, error)     { return len(p), nil }
func (r *recital) Close() error                    { return nil }
func (r *recital) LocalAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(22, 0, 0, 1)} }
func (r *recital) SetDeadline(time.Time) error     { return nil }
func (r *recital) SetReadDeadline(time.Time) error { return nil }

// moods are MX hosts, what they say, and what their rows say in the end.
var moods = []struct {
	host            string
	says            []string
	starttls, first string
	talks           int
}{
	{"good.example.net", []string{offersTLS, withoutTLS}, "ok", "", 1},
	{hasShortKey, []string{offersTLS}, "ok", "", 1},
	{"sometimes.example.net", []string{withoutTLS, offersTLS, withoutTLS}, "ok", "not_offered", 2},
	{"never.example.net", []string{withoutTLS}, "not_offered", "not_offered", 2},
	{"greylists.example.net", []string{refusesAll, offersTLS}, "ok", "refused", 2},
	{"gone.example.net", []string{withoutTLS, isClosed}, "not_offered", "", 2},
	{"closed.example.net", []string{isClosed, offersTLS}, "no_connection", "", 1},
	{"waits.example.net", []string{hasShare, withoutTLS, hasShare, hasShare, offersTLS}, "ok", "not_offered", 2},
	{"ours.example.net", []string{refusesAll, isOurs, offersTLS}, "ok", "refused", 2},
}

// moodyTown is a town of these hosts: each has domains in each part, one of them with a Policy Host that fails the
// first time.
func moodyTown(t *testing.T, passes int) (mxTown, *townSurvey, *moodyDoor) {
	t.Helper()
	w := mxTown{town: newTown()}
	door := &moodyDoor{says: make(map[string][]string), tried: make(map[string]int), at: make(map[string][]time.Time)}
	for _, mood := range moods {
		w.hosts = append(w.hosts, mood.host)
		door.says[mood.host] = mood.says
	}
	w.serve = func(domain, _ string) (int, error) {
		if moodyPolicy(domain) && w.count(w.fetches, domain+" tried") == 1 {
			return 503, nil
		}
		return 200, nil
	}
	s := w.survey(t, listed{parts: 3, size: 2 * len(moods)}, passes)
	s.Engine, s.Client.Exchanger = w, w
	s.Mail.Prober = starttls.New(starttls.Config{Dialer: door})
	s.tries = 1
	s.intervals = intervals{hold: 20 * time.Millisecond, revisit: 500 * time.Millisecond,
		minPause: 10 * time.Millisecond, maxPause: 50 * time.Millisecond}
	return w, s, door
}

// moodyPolicy reports whether a domain's Policy Host fails the first time: of the first domains, one for each host.
func moodyPolicy(domain string) bool {
	var i int
	_, _ = fmt.Sscanf(domain, "d%d.", &i)
	return i <= len(moods)
}

// wantMoods holds all rows against what their hosts say in the end.
func wantMoods(t *testing.T, w mxTown, s *townSurvey, door *moodyDoor, talks func(most int) int) {
	t.Helper()
	rows := rowsIn(t, s.dir)
	if want := s.list.parts * s.list.size; len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for domain, row := range rows {
		for _, mood := range moods {
			if mood.host != w.hostOf(domain) {
				continue
			}
			pass := int32(1)
			if moodyPolicy(domain) {
				pass = 2
			}
			host := row.MX[0]
			first := ""
			if host.FirstSTARTTLS != nil {
				first = *host.FirstSTARTTLS
			}
			if *host.STARTTLS != mood.starttls || first != mood.first || row.Pending != "" || row.Pass != pass {
				t.Errorf("%s, %s: %s after %q, pending %q, pass %d; want %s after %q in pass %d",
					domain, host.Host, *host.STARTTLS, first, row.Pending, row.Pass, mood.starttls, mood.first, pass)
			}
			findings := strings.Join(row.Findings, " ")
			if found := strings.Contains(findings, "mx_no_starttls"); found != (mood.starttls == "not_offered") {
				t.Errorf("%s: %s, and the findings are %q", domain, mood.starttls, row.Findings)
			}
			if slices.Contains(row.Findings, "mx_certificate_key_short") != (mood.host == hasShortKey) {
				t.Errorf("%s, %s: the findings are %q", domain, mood.host, row.Findings)
			}
			if w.fetches[domain] != int(pass) || int(row.Attempts) != int(pass) {
				t.Errorf("%s: the policy was fetched %d times, and %d attempts, in %d passes", domain, w.fetches[domain],
					row.Attempts, pass)
			}
		}
	}
	for _, mood := range moods {
		at := door.at[mood.host]
		if len(at) != talks(mood.talks) {
			t.Errorf("%s was talked to %d times, want %d", mood.host, len(at), talks(mood.talks))
		}
		if len(at) == 2 && at[1].Sub(at[0]) < passDelay {
			t.Errorf("%s was talked to again after %v, before a pass was over", mood.host, at[1].Sub(at[0]))
		}
	}
}

// A host whose first probe is doubtful is probed once more in a later pass, and all its rows agree in the end, in
// whatever part and pass; for its sake no policy is fetched again. Until then they tell what the first saw.
func TestProbedAgain(t *testing.T) {
	w, s, door := moodyTown(t, 2)
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		for _, mood := range moods {
			if mood.host != w.hostOf(domain) {
				continue
			}
			pending := ""
			switch {
			case mood.says[0] == hasShare:
				continue // as far as its turn came
			case mood.talks == 2, moodyPolicy(domain):
				pending = "transient"
			}
			if row.Pending != pending || row.MX[0].STARTTLS == nil || row.MX[0].FirstSTARTTLS != nil || row.Verdict == "" {
				t.Errorf("%s, %s: pending %q, verdict %q; want %q", domain, mood.host, row.Pending, row.Verdict, pending)
			}
		}
	}
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	wantMoods(t, w, s, door, func(talks int) int { return talks })
}

// A process that takes up the run makes the second probe of what the rows tell.
func TestProbedAgainAfterRestart(t *testing.T) {
	_, s, door := moodyTown(t, 2)
	// What was seen before it was put off would be lost.
	door.says["waits.example.net"] = []string{withoutTLS, hasShare, offersTLS}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	s.Mail.Prober = starttls.New(starttls.Config{Dialer: door})
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	for _, mood := range moods {
		if n := len(door.at[mood.host]); n > 2 {
			t.Errorf("%s was talked to %d times", mood.host, n)
		}
	}
	for domain, row := range rowsIn(t, s.dir) {
		for _, mood := range moods {
			if mood.host == hasShortKey && row.MX[0].Host == mood.host &&
				!slices.Contains(row.Findings, "mx_certificate_key_short") {
				t.Errorf("%s, %s: the findings are %q", domain, mood.host, row.Findings)
			}
			if host := row.MX[0]; mood.host == host.Host && mood.talks == 2 && *host.STARTTLS != mood.starttls {
				t.Errorf("%s, %s: %s, want %s", domain, host.Host, *host.STARTTLS, mood.starttls)
			}
		}
	}
}

// With one pass there is no second probe, and the first counts.
func TestProbedOnceInOnePass(t *testing.T) {
	w, s, door := moodyTown(t, 1)
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Pending != "" || row.MX[0].STARTTLS == nil || row.MX[0].FirstSTARTTLS != nil {
			t.Errorf("%s, %s: pending %q, %+v", domain, w.hostOf(domain), row.Pending, row.MX[0])
		}
	}
	for _, mood := range moods {
		if n := len(door.at[mood.host]); n != 1 {
			t.Errorf("%s was talked to %d times", mood.host, n)
		}
	}
}
