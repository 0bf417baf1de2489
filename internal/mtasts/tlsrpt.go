package mtasts

import (
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

const (
	tlsrptVersion = "v=TLSRPTv1"
	maxRUAs       = 16
)

// A TLSRPT is what a domain publishes at _smtp._tls.<domain> ([RFC 8460, section 3]).
//
// [RFC 8460, section 3]: https://www.rfc-editor.org/rfc/rfc8460#section-3
type TLSRPT struct {
	Class  codes.Record // valid, invalid, multiple, absent or unknown
	Reason codes.TLSRPTReason
	RUA    []RUA // in order, at most 16, with bad ones; of an invalid record those that could be read
	BadRUA bool  // senders cannot use one of the destinations
	// TXT are the TXT records, the strings of each joined, in raw octets: at most 64 of them and 16 KiB. Of more,
	// those that begin like a TLSRPT record are kept first. Count counts all.
	TXT    []string
	Count  int
	CNAMEs []string // targets of the aliases from _smtp._tls.<domain>
}

// LookupTLSRPT asks ex for the TLSRPT record of domain, an A-label name without the final dot, follows CNAMEs
// and reads it. The error is a fault of the observer; everything else is a class. The deadline is that of ctx.
func LookupTLSRPT(ctx context.Context, ex Exchanger, domain string) (TLSRPT, error) {
	w := resolve(ctx, ex, dns.Fqdn("_smtp._tls."+domain), dns.TypeTXT)
	if fault.Ours(w.cause) {
		return TLSRPT{Class: codes.RecordUnknown, Reason: codes.TLSRPTOther}, w.cause
	}
	if w.reason != "" {
		return TLSRPT{Class: recordClass(w.reason), Reason: tlsrptReason(w.reason), CNAMEs: w.aliases}, nil
	}
	txts := txtRecords(w.records)
	r := ReadTLSRPT(txts)
	r.TXT, r.Count, r.CNAMEs = evidence(txts, likeTLSRPT), len(txts), w.aliases
	return r, nil
}

// tlsrptReason is why there is no answer, in the fewer words of TLSRPT.
func tlsrptReason(reason codes.RecordReason) codes.TLSRPTReason {
	if r := codes.TLSRPTReason(reason); slices.Contains(codes.TLSRPTReasons(), r) {
		return r
	}
	return codes.TLSRPTOther
}

// ReadTLSRPT reads the TXT records at _smtp._tls.<domain> as [ReadRecords] does those of MTA-STS: those that do
// not begin with "v=TLSRPTv1;" are discarded, and exactly one must be left.
func ReadTLSRPT(txts []string) TLSRPT {
	var candidates []string
	other := codes.TLSRPTNoData
	for _, txt := range txts {
		rest, ok := strings.CutPrefix(txt, tlsrptVersion)
		switch {
		case strings.HasPrefix(rest, ";") && ok, ok && len(txts) == 1 && strings.HasPrefix(strings.TrimLeft(rest, wsp), ";"):
			candidates = append(candidates, txt)
		case likeTLSRPT(txt):
			other = codes.TLSRPTBadVersion
		case other != codes.TLSRPTBadVersion:
			other = codes.TLSRPTOtherTXT
		}
	}
	switch len(candidates) {
	case 0:
		return TLSRPT{Class: codes.RecordAbsent, Reason: other}
	case 1:
		return parseTLSRPT(candidates[0])
	}
	return TLSRPT{Class: codes.RecordMultiple}
}

// likeTLSRPT reports whether txt begins as TLSRPT records do, of whatever version.
func likeTLSRPT(txt string) bool {
	const begin = "v=TLSRPT"
	return len(txt) >= len(begin) && strings.EqualFold(txt[:len(begin)], begin)
}

// parseTLSRPT reads one record.
//
//	tlsrpt-record    = tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]
//	field-delim      = *WSP ";" *WSP
//	tlsrpt-rua       = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)
//	tlsrpt-extension = tlsrpt-ext-name "=" tlsrpt-ext-value
//
// White space at the end is part of a delimiter, or an error. Each field rua counts. One usable destination makes
// a good record: senders skip the others.
func parseTLSRPT(txt string) TLSRPT {
	r := TLSRPT{Class: codes.RecordValid}
	_, rest, _ := strings.Cut(txt, ";")
	fields := strings.Split(rest, ";")
	seen, usable := false, 0
	for i, text := range fields {
		field := strings.Trim(text, wsp)
		name, value, ok := strings.Cut(field, "=")
		switch {
		case field == "" && i == len(fields)-1:
			continue
		case !ok:
			r.fail(codes.TLSRPTFieldMalformed)
		case name == "rua":
			seen = true
			usable += r.destinations(value)
		case !isExtensionName(name) || value == "" ||
			strings.ContainsFunc(value, func(c rune) bool { return !isRecordValue(c) }):
			r.fail(codes.TLSRPTExtensionInvalid)
		}
		if i == len(fields)-1 && strings.TrimRight(text, wsp) != text {
			r.fail(codes.TLSRPTFieldMalformed)
		}
	}
	switch {
	case !seen:
		r.fail(codes.TLSRPTRUAMissing)
	case usable == 0:
		r.fail(codes.TLSRPTRUAInvalid)
	}
	return r
}

// fail makes the record invalid; the first reason counts.
func (r *TLSRPT) fail(reason codes.TLSRPTReason) {
	if r.Class == codes.RecordValid {
		r.Class, r.Reason = codes.RecordInvalid, reason
	}
}

// destinations adds those of one field, and returns how many of them are usable.
func (r *TLSRPT) destinations(value string) (usable int) {
	texts := strings.Split(value, ",")
	for i, text := range texts {
		if i > 0 {
			text = strings.TrimLeft(text, wsp)
		}
		rua, err := ParseRUA(strings.TrimRight(text, wsp))
		if err == nil {
			usable++
		} else {
			r.BadRUA = true
		}
		if len(r.RUA) < maxRUAs && rua.URI != "" {
			r.RUA = append(r.RUA, rua)
		}
	}
	return usable
}
