package verify

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// differences collects where a row differs from the truth, in words.
type differences struct {
	complete bool // what is empty in the truth must be NULL in the row
	words    []string
}

// text compares texts; an empty text stands for NULL.
func (d *differences) text(column, got, want string) {
	if got != want && (want != "" || d.complete) {
		d.add(column, quoted(got), quoted(want))
	}
}

// plain compares values that need no quotes.
func (d *differences) plain(column, got, want string) {
	if got != want && (want != null || d.complete) {
		d.add(column, got, want)
	}
}

// list compares lists; an empty list stands for NULL.
func (d *differences) list(column string, got, want []string) {
	if !slices.Equal(got, want) && (len(want) > 0 || d.complete) {
		d.add(column, fmt.Sprintf("%+q", got), fmt.Sprintf("%+q", want))
	}
}

func (d *differences) add(column, got, want string) {
	d.words = append(d.words, fmt.Sprintf("%s: got %s, want %s", column, got, want))
}

// mail compares the mail side. The truth has all of it; a row has what was asked for: MX hosts, TLSRPT and DANE,
// each by itself.
func (d *differences) mail(row *output.Row, t simnet.Truth) {
	if row.MXKind != "" {
		d.text("mx_kind", row.MXKind, string(t.MXKind))
		var hosts []string
		for _, host := range row.MX {
			hosts = append(hosts, fmt.Sprintf("%d %s", host.Preference, host.Host))
		}
		d.list("mx", hosts, t.MXHosts)
		d.text("mx_match", row.MXMatch, string(t.MXMatch))
		d.list("mx_unused", row.MXUnused, t.MXUnused)
		d.text("mismatch", row.Mismatch, string(t.Mismatch))
	}
	if row.TLSRPT != "" {
		d.text("tlsrpt", row.TLSRPT, string(t.TLSRPT))
		d.text("tlsrpt_reason", row.TLSRPTReason, string(t.TLSRPTReason))
		d.list("rua", row.RUA, t.RUA)
	}
	for i, host := range row.MX {
		// A lost answer is not asked for again if it cannot change DANE.
		if host.TLSA != nil && (*host.TLSA != string(codes.TLSAUnknown) || row.DANEMends()) {
			d.text("mx.tlsa", *host.TLSA, wordAt(t.TLSA, i))
		}
	}
	if row.DANE != "" {
		d.text("dane", row.DANE, string(t.DANE))
	}
	if row.Policy != string(codes.PolicyValid) {
		d.text("tlsrpt_result", row.TLSRPTResult, string(t.TLSRPTResult))
	}
	d.plain("wildcard_suspected", truth(row.WildcardSuspected), truth(t.WildcardSuspected))
	d.text("delegation", row.Delegation, string(t.Delegation))
	verdict := t.Verdict
	probed, first := d.probes(row, t)
	if probed {
		verdict = t.VerdictProbed
	}
	if (row.MXKind != "" || row.Record != string(codes.RecordValid)) && !first {
		d.text("verdict", row.Verdict, string(verdict))
	}
}

// probes compares the probes of a row, and says whether there are any. first says that a host had only its first
// probe, and that the second would have another result: the truth has no verdict for such a row.
func (d *differences) probes(row *output.Row, t simnet.Truth) (probed, first bool) {
	for i, host := range row.MX {
		if host.STARTTLS == nil {
			continue
		}
		probed = true
		got := *host.STARTTLS
		if host.TLSError != nil {
			got += " " + *host.TLSError
		}
		want, before := wordAt(t.Probes, i), wordAt(t.FirstProbes, i)
		switch {
		case host.FirstSTARTTLS == nil && before != "":
			first, want = true, before
		case host.FirstSTARTTLS != nil:
			if before == "" && d.complete {
				before, _, _ = strings.Cut(want, " ") // each probe has the same result
			}
			d.text("mx.first_starttls", *host.FirstSTARTTLS, before)
		}
		d.text("mx.starttls", got, want)
	}
	return probed, first
}

// wordAt is what a truth says about host i; "": nothing.
func wordAt(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}
