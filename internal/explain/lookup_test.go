package explain

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// The short form is one line without tabs, which says why and what to do.
func TestShort(t *testing.T) {
	for _, tt := range []struct {
		row  output.Row
		want string
	}{
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_ok"}, "enforce_ok: mail is protected"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_ok", VerdictBasis: "mx", MXMatch: "all"},
			"enforce_ok: protected, judging by names"},
		{output.Row{Record: "absent", RecordReason: "nxdomain", Verdict: "no_sts"}, "no_sts: there is no record"},
		{output.Row{Record: "unknown", RecordReason: "timeout", Verdict: "unknown"}, "unknown: the name servers do not answer in time"},
		{output.Row{Record: "unknown", RecordReason: "other", Verdict: "unknown"}, "unknown: it could not be determined"},
		{output.Row{Record: "multiple", Verdict: "broken"}, "broken: more than one record counts as none. " +
			"Leave exactly one MTA-STS record at _mta-sts.example.com"},
		{output.Row{Record: "invalid", RecordReason: "id_missing", Verdict: "broken"}, "broken: the record has no id. " +
			"Correct the TXT record at _mta-sts.example.com: v=STSv1; id= and 1 to 32 letters and digits"},
		{output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired", Verdict: "broken"},
			"broken: the certificate has expired. Renew the certificate of mta-sts.example.com"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_refused", MXMatch: "none",
			MX: []output.MXHost{{Host: "mx.example.net", Matched: new(false)}}},
			"enforce_refused: the policy covers no MX host. Add to the policy: mx: mx.example.net. Then change the id of the record"},
		{output.Row{Record: "absent", RecordReason: "a\tb\n\x1b", Verdict: "a\tb\n\x1b"}, `a\u0009b\u000a\u001b: it could not be determined`},
	} {
		tt.row.Domain = "example.com"
		var line strings.Builder
		if err := (Lookup{Row: &tt.row}).WriteShort(&line); err != nil || line.String() != "example.com "+tt.want+"\n" {
			t.Errorf("%v\ngot  %swant example.com %s", err, line.String(), tt.want)
		}
	}
}

// No short line is empty after its verdict, whatever the reason.
func TestShortReasons(t *testing.T) {
	var rows []*output.Row
	for _, reason := range codes.RecordReasons() {
		rows = append(rows, &output.Row{Record: "unknown", RecordReason: string(reason)})
	}
	for _, stage := range codes.Stages() {
		for _, reason := range codes.PolicyReasons(stage) {
			rows = append(rows, &output.Row{
				Record: "valid", Policy: "invalid", PolicyStage: string(stage), PolicyReason: string(reason),
			})
		}
	}
	for _, row := range rows {
		if why(row) == "" {
			t.Errorf("%+v: there is no reason", row)
		}
	}
}

// JSON has the User-Agent where a request was sent, and what a search elsewhere found; each line is one object.
func TestLookupJSON(t *testing.T) {
	elsewhere := []mtasts.Elsewhere{{Name: "example.com", TXT: []string{"v=STSv1; id=1;"}}}
	for _, tt := range []struct {
		row       output.Row
		elsewhere []mtasts.Elsewhere
		want      []string
	}{
		{output.Row{Policy: "valid", HTTPStatus: new(int32(200))}, nil, []string{"user_agent"}},
		{output.Row{Policy: "unreachable", PolicyStage: "http", PolicyReason: "timeout"}, nil, []string{"user_agent"}},
		{output.Row{Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired"}, nil, nil},
		{output.Row{Record: "absent", Policy: "not_fetched"}, elsewhere, []string{"elsewhere"}},
		{output.Row{Record: "absent", Policy: "not_fetched"}, nil, nil},
	} {
		var line strings.Builder
		l := Lookup{Row: &tt.row, Elsewhere: tt.elsewhere, UserAgent: "stsscan/1 (no contact given)"}
		if err := l.WriteJSON(&line); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(line.String()), &got); err != nil || strings.Count(line.String(), "\n") != 1 {
			t.Fatalf("%v: %s", err, line.String())
		}
		for _, key := range []string{"user_agent", "elsewhere"} {
			if _, ok := got[key]; ok != slices.Contains(tt.want, key) {
				t.Errorf("%+v: %s is there: %v", tt.row, key, ok)
			}
		}
	}
}
