package simnet

import (
	"strings"

	"github.com/miekg/dns"
)

// CanaryZone is a zone of every world, for programs that try a resolver before they trust it. In it, present
// has a TXT record and is signed; bogus fails as a wrong signature does; big has a TXT record that no datagram
// holds; slow, and names below it, get no answer; other names do not exist.
const CanaryZone = "stsscan-canary.example"

// canary is the step of a name in the canary zone.
func canary(name string, qtype uint16) (st step, ok bool) {
	below, ok := strings.CutSuffix(name, CanaryZone)
	if !ok || below != "" && !strings.HasSuffix(below, ".") {
		return step{}, false
	}
	st.zone = CanaryZone
	label := strings.TrimSuffix(below, ".")
	if label == "slow" || strings.HasSuffix(label, ".slow") {
		st.fault = dnsSilent
		return st, true
	}
	switch label {
	case "":
	case "present":
		st.rrs = canaryText(qtype, name, 1)
	case "big":
		st.rrs = canaryText(qtype, name, 8)
	case "bogus":
		st.rcode, st.ede = dns.RcodeServerFailure, dns.ExtendedErrorCodeDNSBogus
	default:
		st.rcode = dns.RcodeNameError
	}
	return st, true
}

// canaryText is a TXT record of so many pieces.
func canaryText(qtype uint16, name string, pieces int) []dns.RR {
	if qtype != dns.TypeTXT {
		return nil
	}
	txt := &dns.TXT{Hdr: header(name, dns.TypeTXT, denialTTL)}
	for range pieces {
		txt.Txt = append(txt.Txt, strings.Repeat("canary", 40))
	}
	return []dns.RR{txt}
}
