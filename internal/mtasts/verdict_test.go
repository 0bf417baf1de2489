package mtasts

import (
	"os"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// decisionTable reads the rows of docs/verdict.md: seven columns of words.
func decisionTable(t *testing.T) (rows [][7][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/verdict.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| record ") || strings.HasPrefix(line, "| ---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), "|")
		if len(cells) != 7 {
			t.Fatalf("%d cells: %s", len(cells), line)
		}
		var row [7][]string
		for i, cell := range cells {
			row[i] = strings.Fields(cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// every is the words of a set, with more.
func every[W ~string](set []W, more ...string) []string {
	for _, w := range set {
		more = append(more, string(w))
	}
	return more
}

// Every combination of what can be observed has the verdict of the first row that holds, and every row, word
// and verdict is of use.
func TestDecisionTable(t *testing.T) {
	const null = "NULL"
	rows := decisionTable(t)
	used := make([]bool, len(rows))
	columns := [5][]string{
		every(codes.Records()), every(codes.Policies(), "opted_out", "limited"), every(codes.Modes()),
		every(codes.MXMatches(), null), every(codes.MXTLSs(), null),
	}
	for _, row := range rows {
		for i, words := range columns {
			for _, word := range row[i] {
				if word != "*" && !slices.Contains(words, word) {
					t.Errorf("the table has %q in column %d", word, i+1)
				}
			}
		}
	}
	seen := make(map[string]bool)
	combine(columns[:], nil, func(c []string) {
		i := slices.IndexFunc(rows, func(row [7][]string) bool {
			for k, word := range c {
				if row[k][0] != "*" && !slices.Contains(row[k], word) {
					return false
				}
			}
			return true
		})
		if i < 0 {
			t.Errorf("%q: no row of the table holds", c)
			return
		}
		used[i] = true
		o := Observation{
			Record: codes.Record(c[0]), Policy: codes.Policy(c[1]), Mode: codes.Mode(c[2]),
			Match: codes.MXMatch(strings.Replace(c[3], null, "", 1)), TLS: codes.MXTLS(strings.Replace(c[4], null, "", 1)),
		}
		if c[1] == "opted_out" {
			o.Policy, o.OptedOut = codes.PolicyForbidden, true
		}
		if c[1] == "limited" {
			o.Policy, o.Limited = codes.PolicyUnreachable, true
		}
		verdict, basis := Decide(o)
		if string(verdict) != rows[i][5][0] || string(basis) != strings.Replace(rows[i][6][0], null, "", 1) {
			t.Errorf("%q: %s, %s; row %d says %s, %s", c, verdict, basis, i+1, rows[i][5][0], rows[i][6][0])
		}
		if !slices.Contains(codes.Verdicts(), verdict) || basis != "" && !slices.Contains(codes.Bases(), basis) {
			t.Errorf("%q: %q, %q", c, verdict, basis)
		}
		seen[string(verdict)] = true
	})
	for i, of := range used {
		if !of {
			t.Errorf("row %d never decides", i+1)
		}
	}
	if len(seen) != len(codes.Verdicts()) {
		t.Errorf("%d verdicts of %d", len(seen), len(codes.Verdicts()))
	}
}

// combine calls do with every choice of one word from each column.
func combine(columns [][]string, chosen []string, do func([]string)) {
	if len(columns) == 0 {
		do(chosen)
		return
	}
	for _, word := range columns[0] {
		combine(columns[1:], append(chosen[:len(chosen):len(chosen)], word), do)
	}
}

func TestSummarizeTLS(t *testing.T) {
	const ok, bad, silent = codes.STARTTLSOK, codes.STARTTLSNotOffered, codes.STARTTLSNoConnection
	for _, tt := range []struct {
		probes []codes.STARTTLS
		want   codes.MXTLS
	}{
		{nil, ""},
		{[]codes.STARTTLS{ok, ok}, codes.MXTLSAll},
		{[]codes.STARTTLS{ok, silent}, codes.MXTLSAll}, // of the other nothing is known
		{[]codes.STARTTLS{silent, codes.STARTTLSRefused, codes.STARTTLSTimeout}, codes.MXTLSUnknown},
		{[]codes.STARTTLS{bad, codes.STARTTLSCertificate, codes.STARTTLSHandshake, codes.STARTTLSRejected}, codes.MXTLSNone},
		{[]codes.STARTTLS{bad, silent}, codes.MXTLSSome},
		{[]codes.STARTTLS{bad, ok}, codes.MXTLSSome},
		{[]codes.STARTTLS{codes.STARTTLSOptedOut, codes.STARTTLSOptedOut}, codes.MXTLSUnknown}, // not probed
		{[]codes.STARTTLS{codes.STARTTLSOptedOut, ok}, codes.MXTLSAll},
	} {
		if got := SummarizeTLS(tt.probes); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.probes, got, tt.want)
		}
	}
}

func TestResult(t *testing.T) {
	all := Observation{Match: codes.MatchAll}
	for _, tt := range []struct {
		verdict codes.Verdict
		o       Observation
		probe   codes.STARTTLS
		tls     codes.TLSError
		want    codes.TLSRPTResult
	}{
		{codes.VerdictEnforceOK, all, codes.STARTTLSOK, "", ""},
		{codes.VerdictBroken, all, codes.STARTTLSNotOffered, "", ""},
		{codes.VerdictEnforceRefused, Observation{Match: codes.MatchNone}, "", "", codes.TLSRPTValidation},
		{codes.VerdictTestingWouldFail, Observation{Match: codes.MatchSome}, codes.STARTTLSNotOffered, "", codes.TLSRPTValidation},
		{codes.VerdictEnforceRefused, all, codes.STARTTLSNotOffered, "", codes.TLSRPTNoSTARTTLS},
		{codes.VerdictEnforcePartial, all, codes.STARTTLSRejected, "", codes.TLSRPTNoSTARTTLS},
		{codes.VerdictEnforcePartial, all, codes.STARTTLSCertificate, codes.TLSNameMismatch, codes.TLSRPTCertName},
		{codes.VerdictEnforcePartial, all, codes.STARTTLSCertificate, codes.TLSExpired, codes.TLSRPTCertExpired},
		{codes.VerdictEnforcePartial, all, codes.STARTTLSCertificate, codes.TLSSelfSigned, codes.TLSRPTCertNotTrusted},
		{codes.VerdictEnforcePartial, all, codes.STARTTLSHandshake, codes.TLSAlert, codes.TLSRPTValidation},
	} {
		if got := Result(tt.verdict, tt.o, tt.probe, tt.tls); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}
