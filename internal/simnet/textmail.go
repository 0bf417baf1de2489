package simnet

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"stsscan/internal/codes"
)

func smtpWords() []string {
	return []string{
		"good", "no-starttls", "reject-tls", "block", "block-ehlo", "garbage", "reset", "silent", "endless", "later", "drip",
		"inject", "no-ehlo", "no-helo", "sometimes",
	}
}

// smtpFault makes the addresses of a host mail servers, and says how they shake hands for its name: PLAY [TLS
// PLAY [HOSTER]].
func (t *text) smtpFault(name string, addrs []netip.Addr, rest string) error {
	word, handshake, _ := strings.Cut(rest, " ")
	play, err := parseWord[smtpPlay]("smtp play", word, smtpWords())
	if err != nil {
		return err
	}
	for _, addr := range addrs {
		if other, ok := t.mail[addr]; ok && other != play {
			return fmt.Errorf("%s is the address of another host, which says %s", addr, smtpWords()[other])
		}
		t.mail[addr] = play
	}
	var s site
	if handshake = strings.TrimSpace(handshake); handshake != "" {
		if err := s.tlsFault(handshake); err != nil {
			return err
		}
	}
	t.mails[name] = s
	return nil
}

// membersOf are words of a closed set, separated by commas.
func membersOf[T ~string](value string, set []T) (words []string, err error) {
	words = strings.Split(value, ",")
	for _, word := range words {
		if _, err := member(word, set); err != nil {
			return nil, err
		}
	}
	return words, nil
}

// setMail takes one key of the mail side; known is false for any other.
func (truth *Truth) setMail(key, value string) (known bool, err error) {
	switch key {
	case "mx_kind":
		truth.MXKind, err = member(value, codes.MXKinds())
	case "mx_match":
		truth.MXMatch, err = member(value, codes.MXMatches())
	case "mismatch":
		truth.Mismatch, err = member(value, codes.Mismatches())
	case "tlsrpt":
		truth.TLSRPT, err = member(value, codes.Records())
	case "tlsrpt_reason":
		truth.TLSRPTReason, err = member(value, codes.TLSRPTReasons())
	case "tlsrpt_result":
		truth.TLSRPTResult, err = member(value, codes.TLSRPTResults())
	case "rua":
		truth.RUA = strings.Split(value, ",")
	case "tlsa":
		truth.TLSA, err = membersOf(value, codes.TLSAs())
	case "dane":
		truth.DANE, err = member(value, codes.DANEs())
	case "wildcard_suspected":
		truth.WildcardSuspected = new(bool)
		*truth.WildcardSuspected, err = strconv.ParseBool(value)
	case "delegation":
		truth.Delegation, err = member(value, codes.Delegations())
	case "verdict":
		truth.Verdict, err = member(value, codes.Verdicts())
	case "probes":
		truth.Probes, err = membersOf(value, codes.STARTTLSs())
	case "first_probes":
		truth.FirstProbes, err = membersOf(value, codes.STARTTLSs())
	case "verdict_probed":
		truth.VerdictProbed, err = member(value, codes.Verdicts())
	default:
		return false, nil
	}
	return true, err
}
