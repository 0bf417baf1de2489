package resolver

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/dnswire"
)

// A reading is what a valid reply says.
type reading struct {
	outcome       Outcome // NXDOMAIN, NODATA or Reply
	zone          string
	ede           []uint16 // see dnswire.AppendEDE
	authenticated bool
	rcode         int
	msg           *dns.Msg
}

// errCounts says that a reply holds less than its header promises. To believe it would make an absence out of an
// accident.
var errCounts = errors.New("fewer records than the header says")

// readMessage reads a reply by way of miekg/dns.
func readMessage(packet []byte) (reading, error) {
	msg := new(dns.Msg)
	if err := msg.Unpack(packet); err != nil {
		return reading{}, err
	}
	for i, got := range []int{len(msg.Question), len(msg.Answer), len(msg.Ns), len(msg.Extra)} {
		if got != int(binary.BigEndian.Uint16(packet[4+2*i:])) {
			return reading{}, errCounts
		}
	}
	rd := reading{outcome: Reply, rcode: msg.Rcode, authenticated: msg.AuthenticatedData, msg: msg}
	for _, rr := range msg.Extra {
		opt, ok := rr.(*dns.OPT)
		if !ok {
			continue
		}
		for _, option := range opt.Option {
			if e, ok := option.(*dns.EDNS0_EDE); ok {
				rd.ede = dnswire.AppendEDE(rd.ede, e.InfoCode)
			}
		}
	}
	var soas, servers int
	for _, rr := range msg.Ns {
		switch rr := rr.(type) {
		case *dns.SOA:
			soas++
			rd.zone = canonical(rr.Hdr.Name)
		case *dns.NS:
			servers++
		}
	}
	encloses := soas == 0 || soas == 1 && within(canonical(msg.Question[0].Name), rd.zone)
	if msg.Truncated || len(msg.Answer) > 0 || dnswire.IsFiltered(rd.ede) || !encloses {
		return rd, nil
	}
	switch {
	case rd.rcode == dns.RcodeNameError:
		rd.outcome = NXDOMAIN
	case rd.rcode == dns.RcodeSuccess && (soas == 1 || servers == 0): // else a referral: RFC 2308, section 2.2
		rd.outcome = NODATA
	}
	return rd, nil
}

// canonical is a name in lower case without the final dot; the root stays ".".
func canonical(name string) string {
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	return strings.ToLower(name)
}

// within reports whether name is zone or below it.
func within(name, zone string) bool {
	above, ok := strings.CutSuffix(name, zone)
	return zone == "." || ok && (above == "" || above[len(above)-1] == '.')
}

// RcodeName is the mnemonic of a response code, or "RCODE17" where IANA lists none.
func RcodeName(rcode int) string {
	switch rcode {
	case dns.RcodeNameError: // of nearly all replies of a sweep
		return "NXDOMAIN"
	case dns.RcodeSuccess:
		return "NOERROR"
	case dns.RcodeBadVers: // RFC 6891, section 9: BADSIG, of the same number, is an error of TSIG alone
		return "BADVERS"
	}
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return "RCODE" + strconv.Itoa(rcode)
}

// declines reports whether an rcode leaves it to another upstream to know better.
func declines(rcode int) bool {
	switch rcode {
	case dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented, dns.RcodeFormatError:
		return true
	}
	return false
}
