package output

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

func TestTransient(t *testing.T) {
	record := func(class codes.Record, reason codes.RecordReason) Row {
		return Row{
			Record: string(class), RecordReason: string(reason), Policy: string(codes.PolicyNotFetched),
			WildcardSuspected: new(false),
		}
	}
	policy := func(stage codes.Stage, reason codes.PolicyReason, status int32) Row {
		r := Row{
			Record: string(codes.RecordValid), PolicyStage: string(stage), PolicyReason: string(reason),
			WildcardSuspected: new(false),
		}
		if status != 0 {
			r.HTTPStatus = &status
		}
		return r
	}
	limited := policy(codes.StageTLS, codes.PolicyReason(codes.TLSHandshakeFailure), 0)
	limited.Findings = []string{string(codes.FindClientLimit)}
	tests := []struct {
		name string
		row  Row
		want bool
	}{
		{"a valid record, and its policy", policy("", "", 200), false},
		{"denied", record(codes.RecordAbsent, codes.RecordNXDomain), false},
		{"syntax", record(codes.RecordInvalid, codes.RecordIDMissing), false},
		{"several", record(codes.RecordMultiple, ""), false},
		{"a loop is data", record(codes.RecordUnknown, codes.RecordCNAMELoop), false},
		{"silence", record(codes.RecordUnknown, codes.RecordTimeout), true},
		{"SERVFAIL", record(codes.RecordUnknown, codes.RecordServfail), true},
		{"REFUSED", record(codes.RecordUnknown, codes.RecordRefused), true},
		{"a referral, from a resolver that does not recurse", record(codes.RecordUnknown, codes.RecordReferral), true},
		{"no Policy Host", policy(codes.StageDNS, codes.ReasonNXDomain, 0), false},
		{"its zone is dead", policy(codes.StageDNS, codes.ReasonServfail, 0), true},
		{"nothing listens", policy(codes.StageTCP, codes.ReasonRefused, 0), true},
		{"this machine has no IPv4", policy(codes.StageTCP, codes.ReasonNoIPv4, 0), false},
		{"this machine has no IPv6", policy(codes.StageTCP, codes.ReasonNoIPv6, 0), false},
		{"a certificate", policy(codes.StageTLS, codes.PolicyReason(codes.TLSExpired), 0), false},
		{"alert 40", policy(codes.StageTLS, codes.PolicyReason(codes.TLSHandshakeFailure), 0), false},
		{"alert 40, perhaps for a limit of ours", limited, true},
		{"a slow handshake", policy(codes.StageTLS, codes.PolicyReason(codes.TLSHandshakeTimeout), 0), true},
		{"404", policy(codes.StageHTTP, codes.ReasonNotFound, 404), false},
		{"429", policy(codes.StageHTTP, codes.ReasonClientError, 429), true},
		{"418", policy(codes.StageHTTP, codes.ReasonClientError, 418), false},
		{"503", policy(codes.StageHTTP, codes.ReasonServerError, 503), true},
		{"too large", policy(codes.StageBody, codes.ReasonTooLarge, 200), false},
		{"cut short", policy(codes.StageBody, codes.ReasonTruncated, 200), true},
		{"grammar", policy(codes.StageSyntax, codes.ReasonModeMissing, 200), false},
	}
	mail := func(change func(*Row)) Row {
		r := policy("", "", 200)
		change(&r)
		return r
	}
	for what, row := range map[string]Row{
		"MX":                            mail(func(r *Row) { r.MXReason = string(codes.RecordTimeout) }),
		"TLSRPT":                        mail(func(r *Row) { r.TLSRPTReason = string(codes.RecordServfail) }),
		"TLSRPT, in no word of its own": mail(func(r *Row) { r.TLSRPTReason = string(codes.TLSRPTOther) }),
		"one host of two": mail(func(r *Row) {
			r.DANE = string(codes.DANESome)
			r.MX = []MXHost{{TLSA: new(string(codes.TLSAUsable))}, {TLSA: new(string(codes.TLSAUnknown))}}
		}),
		"DANE":     mail(func(r *Row) { r.DANE = string(codes.DANEUnknown) }),
		"wildcard": mail(func(r *Row) { r.WildcardSuspected = nil }),
	} {
		if !row.Transient() {
			t.Errorf("unknown: %s: not transient", what)
		}
	}
	tests = append(tests, struct {
		name string
		row  Row
		want bool
	}{"a host without DANE beside one with it", mail(func(r *Row) {
		r.DANE = string(codes.DANESome)
		r.MX = []MXHost{{TLSA: new(string(codes.TLSAUsable))}, {TLSA: new(string(codes.TLSAAbsent))}}
	}), false})
	for _, tt := range tests {
		if got := tt.row.Transient(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// The macro of history.sql that compares runs of different passes agrees on which failures may pass.
func TestTransientInSQL(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "analysis", "history.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range codes.Stages() {
		var words []string
		var not bool
		line := regexp.MustCompile(`WHEN '` + string(stage) + `' THEN reason (NOT )?IN \(([^)]*)\)`).FindSubmatch(text)
		if line != nil {
			not, words = len(line[1]) > 0, strings.Split(strings.ReplaceAll(string(line[2]), "'", ""), ", ")
		}
		for _, reason := range codes.PolicyReasons(stage) {
			row := Row{PolicyStage: string(stage), PolicyReason: string(reason)}
			got, want := slices.Contains(words, string(reason)) != not, row.PolicyMends()
			if got != want {
				t.Errorf("%s: %s: history.sql says %v, want %v", stage, reason, got, want)
			}
		}
	}
}
