package simnet

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// A faultKey is an owner name and a type; TypeNone stands for every type.
type faultKey struct {
	name  string
	qtype uint16
}

// A dnsRule is what a line about an owner name says.
type dnsRule struct {
	fault dnsFault
	rcode int
	ede   uint16
}

// The words of the lines, in the order of the constants that they stand for.

func dnsWords() []string {
	return []string{
		"fine", "silent", "truncate", "truncate-udp", "referral", "filtered", "first-hop", "garbage", "malformed",
		"rebind", "flood", "stray", "no-soa",
	}
}

func tcpWords() []string {
	return []string{"serve", "refuse", "silent", "unreachable", "reset", "nameless", "abort", "odd", "no-handshake"}
}

func tlsWords() []string {
	return []string{
		"good", "wildcard", "wrong-name", "common-name", "partial-wildcard", "parent-wildcard", "expired",
		"not-yet-valid", "self-signed", "unknown-authority", "incomplete-chain", "no-cert-for-name",
		"handshake-failure", "internal-error", "old-version", "plain-http", "not-tls", "silent", "reset", "many-names",
		"most-names", "long-names", "for-clients", "oversize", "long-chain", "strange", "alert-flood", "empty-flood",
		"endless-message", "drip", "end", "client-cert", "http2-only", "alien-chain", "sha1-chain", "short-key", "tiny-key", "cbc-suite",
		"static-rsa", "insufficient-security", "forced-http2",
	}
}

func bodyWords() []string {
	return []string{
		"content-length", "chunked", "close", "short", "drip", "endless", "flood", "header-drip", "silent", "garbage",
		"reset", "bomb", "hints", "chunk-flood",
		"hang-up", "cut-off", "bad-chunks", "bare", "frames", "status-flood", "trailer-flood", "twice", "abrupt",
		"both-lengths",
	}
}

// readFaults takes the lines of a file in their order.
func (t *text) readFaults(f textFile) error {
	given := make(map[string]bool) // subjects that have their one line
	for number, line := range f.lines() {
		subject, err := t.fault(line)
		if err == nil && subject != "" && given[subject] {
			err = fmt.Errorf("a second line about %s", subject)
		}
		if err != nil {
			return f.errorf(number, "faults: %v", err)
		}
		given[subject] = true
	}
	return nil
}

// fault takes one line. It returns the subject that no other line may have.
func (t *text) fault(line string) (subject string, err error) {
	name, rest, _ := strings.Cut(line, " ")
	verb, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	rest = strings.TrimSpace(rest)
	if _, ok := dns.IsDomainName(name); !ok {
		return "", fmt.Errorf("%q is not a domain name", name)
	}
	name = plainName(name)
	if verb == "dns" {
		return t.dnsFault(name, rest)
	}
	addrs := t.addresses(name)
	if len(addrs) == 0 {
		return "", fmt.Errorf("%s has no address in the zone", name)
	}
	s := t.site(name)
	switch verb {
	case "tcp":
		return name + " tcp", t.tcpFault(addrs, rest)
	case "tls":
		subject, err = name+" tls", s.tlsFault(rest)
	case "smtp":
		return name + " smtp", t.smtpFault(name, addrs, rest)
	case "http":
		subject, err = name+" http", s.httpFault(rest)
	case "header":
		err = s.headerField(rest)
	case "delay":
		subject, err = s.delayFault(rest)
		subject = name + " delay " + subject
	case "body":
		subject, err = s.bodyFault(name, rest)
	default:
		err = fmt.Errorf("unknown kind %q: there are dns, tcp, tls, smtp, http, header, delay and body", verb)
	}
	t.sites[name] = s
	return subject, err
}

// dnsFault takes what follows dns: fault, type, extended error.
func (t *text) dnsFault(name, rest string) (subject string, err error) {
	words := strings.Fields(rest)
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		word := words[0]
		words = words[1:]
		return word
	}
	var rule dnsRule
	key := faultKey{name: name}
	switch word := next(); word {
	case "servfail":
		rule.rcode = dns.RcodeServerFailure
	case "refused":
		rule.rcode = dns.RcodeRefused
	case "rcode":
		if rule.rcode, err = strconv.Atoi(next()); err != nil || rule.rcode < 1 || rule.rcode > 0xfff {
			return "", fmt.Errorf("rcode needs a number from 1 to 4095: %q", rest)
		}
	default:
		rule.fault, err = parseWord[dnsFault]("dns fault", word, dnsWords())
		if err != nil {
			return "", err
		}
	}
	if len(words) > 0 && words[0] != "ede" {
		word := next()
		qtype, ok := dns.StringToType[strings.ToUpper(word)]
		if !ok {
			return "", fmt.Errorf("unknown record type %q", word)
		}
		key.qtype = qtype
	}
	if len(words) > 0 && words[0] == "ede" {
		next()
		code, err := strconv.ParseUint(next(), 10, 16)
		if err != nil {
			return "", fmt.Errorf("ede needs a number: %q", rest)
		}
		rule.ede = uint16(code)
	}
	if len(words) > 0 {
		return "", fmt.Errorf("unknown words %q", strings.Join(words, " "))
	}
	t.dns[key] = rule
	return fmt.Sprintf("%s dns %s", name, dns.Type(key.qtype)), nil
}

// tcpFault sets the play of every address of a host. Hosts that share one must not disagree about it.
func (t *text) tcpFault(addrs []netip.Addr, word string) error {
	play, err := parseWord[tcpPlay]("tcp fault", word, tcpWords())
	if err != nil {
		return err
	}
	for _, addr := range addrs {
		if other, ok := t.addrs[addr]; ok && other != play {
			return fmt.Errorf("%s is the address of another host, which says %s", addr, tcpWords()[other])
		}
		t.addrs[addr] = play
	}
	return nil
}

func (s *site) tlsFault(rest string) (err error) {
	word, hoster, _ := strings.Cut(rest, " ")
	s.tls, err = parseWord[tlsPlay]("tls play", word, tlsWords())
	if err != nil {
		return err
	}
	if s.hoster = plainHoster(hoster); s.hoster != "" && s.tls != tlsWrongName {
		return fmt.Errorf("only wrong-name takes a hoster: %q", rest)
	}
	return nil
}

func plainHoster(hoster string) string {
	if hoster = strings.TrimSpace(hoster); hoster == "" {
		return ""
	}
	return plainName(hoster)
}

func (s *site) httpFault(rest string) (err error) {
	word, field, _ := strings.Cut(rest, " ")
	s.status, err = strconv.Atoi(word)
	if err != nil || s.status < 200 && s.status != 101 || s.status > 999 {
		return fmt.Errorf("http needs a status from 200 to 999, or 101: %q", word)
	}
	if field = strings.TrimSpace(field); field != "" {
		return s.headerField(field)
	}
	return nil
}

func (s *site) headerField(field string) error {
	name, value, ok := strings.Cut(field, ":")
	if !ok || name == "" || strings.ContainsAny(name, " \t") || strings.HasPrefix(value, "//") {
		return fmt.Errorf("not a header field, Name: value: %q", field)
	}
	s.header = append(slices.Clip(s.header), [2]string{name, strings.TrimSpace(value)})
	return nil
}

// delayFault takes what follows delay: the part, or none for the header, and how long it takes. It returns the
// part.
func (s *site) delayFault(rest string) (part string, err error) {
	part, text, ok := strings.Cut(rest, " ")
	if !ok {
		part, text = "header", rest
	}
	duration, err := time.ParseDuration(strings.TrimSpace(text))
	if err == nil && duration <= 0 {
		err = fmt.Errorf("delay needs a duration such as 3s: %q", rest)
	}
	switch part {
	case "handshake":
		s.delay.handshake = duration
	case "header":
		s.delay.header = duration
	case "body":
		s.delay.body = duration
	default:
		err = fmt.Errorf("delay is of handshake, header or body: %q", rest)
	}
	return part, err
}

// parseWord is the constant that a word stands for.
func parseWord[T ~uint8](what, word string, words []string) (T, error) {
	i := slices.Index(words, word)
	if i < 0 {
		return 0, fmt.Errorf("unknown %s %q: there are %s", what, word, strings.Join(words, ", "))
	}
	return T(i), nil
}
