package mtasts

import (
	"bytes"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
)

func TestGet(t *testing.T) {
	valid := map[string]answer{"_mta-sts.example.com TXT": {rrs: []string{`_mta-sts.example.com. TXT "v=STSv1; id=1"`}}}
	for name, tt := range map[string]struct {
		answers map[string]answer
		rt      *trip
		err     codes.Sentinel
		record  codes.Record
		policy  codes.Policy
		result  string
		lines   []string // what is logged, each with words that it must have
		fetched int
	}{
		"all is well": {valid, &trip{resp: response(200, goodText(), plainText)}, "", codes.RecordValid, codes.PolicyValid, "ok",
			[]string{"record=valid id=1", "policy=valid status=200 mode=enforce"}, 1},
		"no record": {map[string]answer{"_mta-sts.example.com TXT": {rrs: []string{soa("example.com")}}}, &trip{}, codes.ErrNoRecord,
			codes.RecordAbsent, codes.PolicyNotFetched, "lookuperror", []string{"record=absent reason=nodata error="}, 0},
		"silence": {map[string]answer{"_mta-sts.example.com TXT": {err: slowError{}}}, &trip{}, codes.ErrDNS,
			codes.RecordUnknown, codes.PolicyNotFetched, "lookuperror", []string{"record=unknown reason=timeout"}, 0},
		"no policy": {valid, &trip{resp: response(404, "")}, codes.ErrNoPolicy, codes.RecordValid, codes.PolicyMissing, "fetcherror",
			[]string{"record=valid", "policy=missing stage=http reason=not_found status=404"}, 1},
		"a bad policy": {valid, &trip{resp: response(200, "x", plainText)}, codes.ErrPolicySyntax, codes.RecordValid, codes.PolicyInvalid, "fetcherror",
			[]string{"record=valid", "policy=invalid stage=syntax reason=line_malformed"}, 1},
	} {
		var log bytes.Buffer
		var results []string
		c := Client{
			Exchanger: newZones(t, tt.answers),
			Transport: tt.rt,
			Log:       slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Observe: func(result string, d time.Duration) {
				if d < 0 {
					t.Errorf("%s: took %v", name, d)
				}
				results = append(results, result)
			},
		}
		l, f, err := c.Get(t.Context(), "example.com")
		if wantOne(t, err) != tt.err || l.Class != tt.record || f.Class != tt.policy || f.Domain != "example.com" ||
			len(tt.rt.reqs) != tt.fetched {
			t.Errorf("%s: %v, %s, %s, %d requests", name, err, l.Class, f.Class, len(tt.rt.reqs))
		}
		if !slices.Equal(results, []string{tt.result}) {
			t.Errorf("%s: observed %q, want %q once", name, results, tt.result)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != len(tt.lines) {
			t.Fatalf("%s: %d lines:\n%s", name, len(lines), log.String())
		}
		for i, line := range lines {
			for _, word := range strings.Fields("level=DEBUG domain=example.com elapsed= " + tt.lines[i]) {
				if !strings.Contains(line, word) {
					t.Errorf("%s: no %s in %s", name, word, line)
				}
			}
		}

		if tt.rt.resp != nil {
			continue // its body is read
		}
		silentL, silentF, silentErr := Get(t.Context(), newZones(t, tt.answers), tt.rt, "example.com")
		if !reflect.DeepEqual(silentL, l) || !reflect.DeepEqual(silentF, f) || Sentinel(silentErr) != tt.err {
			t.Errorf("%s: without a client: %+v, %+v, %v", name, silentL, silentF, silentErr)
		}
	}
}

// Control characters of others do not get into a log.
func TestLogIsOneLine(t *testing.T) {
	var log bytes.Buffer
	c := Client{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	c.Exchanger = newZones(t, map[string]answer{"_mta-sts.example.com TXT": {err: errors.New("\x1b]52;c;\n\x07")}})
	if _, err := c.LookupRecord(t.Context(), "example.com"); err == nil {
		t.Error("no error")
	}
	c.Transport = &trip{resp: response(200, with("\x1b[2J\x00\n"), "Content-Type: \x1b[2J\n")}
	if _, err := c.FetchPolicy(t.Context(), "example.com"); err == nil {
		t.Error("no error")
	}
	if strings.Count(log.String(), "\n") != 2 || strings.ContainsAny(log.String(), "\x1b\x00\x07") {
		t.Errorf("%q", log.String())
	}
}
