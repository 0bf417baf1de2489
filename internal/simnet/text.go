package simnet

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// A text is a source that was written by hand.
type text struct {
	zones  zoneSet
	dns    map[faultKey]dnsRule
	addrs  map[netip.Addr]tcpPlay // what the faults say about addresses
	sites  map[string]site
	mail   map[netip.Addr]smtpPlay // mail servers
	mails  map[string]site         // how they shake hands for a host
	truths map[string]Truth
	listed []string // domains of truths, in the order of the file
}

// Open reads the world at path: a folder, or one txtar file (golang.org/x/tools/txtar). It has these files;
// only zone is required. Lines that begin with # are comments, except in policies:
//
//	zone           master file (RFC 1035, section 5) of all zones, without $INCLUDE
//	policy/<host>  what the host serves as its policy, octet by octet
//	faults         what goes wrong, a line each
//	truth          <domain> key=value ..., what a perfect observer concludes
//
// A zone begins at the owner of an SOA record; a name below none is in the zone of its registered domain. Names
// in no zone do not exist. Wildcards (RFC 4592) and DNAME (RFC 6672) work. A zone is signed when it has a
// DNSKEY record.
//
// A host with an address and a policy serves it well, one without a policy says 404, unless faults say
// otherwise. Its lines are:
//
//	<owner> dns servfail|refused|rcode N|silent|truncate|truncate-udp|referral|filtered|
//	        first-hop|garbage|malformed|rebind|flood|stray|no-soa [TYPE] [ede N]
//	<host>  tcp serve|refuse|silent|unreachable|reset|nameless|abort|odd|
//	        no-handshake
//	<host>  tls good|wildcard|wrong-name [HOSTER]|common-name|partial-wildcard|parent-wildcard|
//	        expired|not-yet-valid|self-signed|unknown-authority|incomplete-chain|
//	        no-cert-for-name|handshake-failure|internal-error|old-version|plain-http|not-tls|
//	        silent|reset|many-names|most-names|long-names|for-clients|oversize|long-chain|strange|
//	        alert-flood|empty-flood|endless-message|drip|end|client-cert|http2-only|
//	        alien-chain|sha1-chain|short-key|tiny-key|cbc-suite|static-rsa|insufficient-security|
//	        forced-http2
//	<host>  http STATUS [Name: value]
//	<host>  header Name: value             (an empty Content-Type leaves the field out)
//	<host>  smtp good|no-starttls|reject-tls|block|block-ehlo|garbage|reset|silent|endless|later|drip|
//	        inject|no-ehlo|no-helo|sometimes [TLS PLAY [HOSTER]]
//	                                        (a mail server, and its handshake)
//	<host>  delay [handshake|header|body] DURATION
//	                                       (before the part, header by default; the body is sent over that time)
//	<host>  body content-length|chunked|close|short|drip|endless|flood|header-drip|silent|
//	        garbage|reset|bomb|hints|chunk-flood|hang-up|cut-off|bad-chunks|bare|frames|
//	        status-flood|trailer-flood|twice|abrupt|both-lengths
//	<host>  body crlf|no-final-line-end|gzip|size N|cut N|text "GO STRING"|encoding NAME|
//	        prefix "GO STRING"|suffix "GO STRING"
//
// The last kind changes the body, in the order of the lines; size pads a policy with extension fields to N
// octets, and encoding only sets the header field. A dns fault holds for the one owner name, or where that is
// *.<name> for all names below that have no line of their own, and for all types where none is named. A tcp
// fault holds for all addresses that the host has in the zone, through its aliases; addresses of the plan in
// this package behave by their digits, and other addresses in the zone serve.
//
// The keys of truth are class, record, record_reason, record_id, cnames, error, policy, stage, reason,
// tls_error, status, host_cnames, mode, max_age, mx, strict, lenient and findings (which the row must have,
// among others), and of the mail side mx_kind, mx_match, mismatch, probes, first_probes, tlsrpt, tlsrpt_reason,
// tlsrpt_result, rua, tlsa, dane, wildcard_suspected, delegation, verdict and verdict_probed; lists are
// separated by commas.
//
// Errors name the file, the line and the reason.
func Open(path string) (*World, error) {
	files, err := readFiles(path)
	if err != nil {
		return nil, err
	}
	t, err := newText(path, files)
	if err != nil {
		return nil, err
	}
	return newWorld(t)
}

func newText(path string, files []textFile) (*text, error) {
	t := &text{
		dns: make(map[faultKey]dnsRule), addrs: make(map[netip.Addr]tcpPlay),
		mail: make(map[netip.Addr]smtpPlay), mails: make(map[string]site),
		sites: make(map[string]site), truths: make(map[string]Truth),
	}
	zone, ok := find(files, "zone")
	if !ok {
		return nil, fmt.Errorf("%s: no file zone: not a world", path)
	}
	var err error
	if t.zones, err = readZones(zone); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := t.readPolicy(f); err != nil {
			return nil, err
		}
	}
	if f, ok := find(files, "faults"); ok {
		if err := t.readFaults(f); err != nil {
			return nil, err
		}
	}
	if f, ok := find(files, "truth"); ok {
		if err := t.readTruth(f); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// readPolicy takes a file policy/<host> and refuses unknown files.
func (t *text) readPolicy(f textFile) error {
	switch f.name {
	case "zone", "faults", "truth":
		return nil
	}
	host, ok := strings.CutPrefix(f.name, "policy/")
	if !ok || host == "" || strings.Contains(host, "/") {
		return f.errorf(0, "unknown file %q: a world has zone, policy/<host>, faults and truth", f.name)
	}
	host = plainName(host)
	if len(t.addresses(host)) == 0 {
		return f.errorf(0, "a policy of %s, which has no address in the zone", host)
	}
	if _, ok := t.sites[host]; ok {
		return f.errorf(0, "a second policy of %s", host)
	}
	t.sites[host] = site{status: 200, body: f.data}
	return nil
}

func (t *text) step(name string, qtype uint16) step {
	rule := t.rule(name, qtype)
	st := t.zones.step(name, qtype)
	st.fault, st.ede = rule.fault, rule.ede
	if rule.rcode != dns.RcodeSuccess {
		st.rcode, st.rrs = rule.rcode, nil
	}
	return st
}

// rule is that of a name, otherwise of the nearest star above it. A rule for the type comes before one for all
// types.
func (t *text) rule(name string, qtype uint16) dnsRule {
	for owner, above := name, name; ; owner = "*." + above {
		for _, key := range []faultKey{{owner, qtype}, {owner, dns.TypeNone}} {
			if rule, ok := t.dns[key]; ok {
				return rule
			}
		}
		if above = parent(above); above == "" {
			return dnsRule{}
		}
	}
}

func (t *text) tcp(addr netip.Addr) tcpPlay {
	if play, ok := t.addrs[addr]; ok {
		return play
	}
	play, ok := planned(addr)
	switch {
	case ok:
		return play
	case t.zones.addrs[addr]:
		return tcpServe
	}
	return tcpUnreachable
}

func (t *text) site(sni string) site {
	s, ok := t.sites[sni]
	if !ok {
		return site{status: 404}
	}
	return s
}

func (t *text) smtp(addr netip.Addr) (smtpPlay, bool) {
	play, ok := t.mail[addr]
	return play, ok
}

func (t *text) mailSite(sni string) site { return t.mails[sni] }

func (t *text) truth(domain string, _ int64) (Truth, bool) {
	truth, ok := t.truths[domain]
	return truth, ok
}

func (t *text) domains() []string        { return t.listed }
func (t *text) soa(zone string) *dns.SOA { return t.zones.soa(zone) }
func (t *text) signed(zone string) bool  { return t.zones.signed(zone) }

// addresses are those that the zone gives a host, through its aliases.
func (t *text) addresses(host string) []netip.Addr {
	var addrs []netip.Addr
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		name := host
		for range maxHops {
			st := t.zones.step(name, qtype)
			if len(st.rrs) == 0 {
				break
			}
			if alias, ok := st.rrs[len(st.rrs)-1].(*dns.CNAME); ok {
				name = plainName(alias.Target)
				continue
			}
			for _, rr := range st.rrs {
				addrs = append(addrs, addrOf(rr))
			}
			break
		}
	}
	return addrs
}
