package mtasts

import (
	"context"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// checkFindings fails unless each finding is of the closed set and there once.
func checkFindings(t *testing.T, findings []codes.Finding) {
	t.Helper()
	for i, f := range findings {
		if !slices.Contains(codes.Findings(), f) || slices.Contains(findings[:i], f) {
			t.Errorf("findings %q", findings)
		}
	}
}

// checkRecord fails unless class, reason, readings and error say the same.
func checkRecord(t *testing.T, class codes.Record, reason codes.RecordReason, strict, lenient bool, err error) {
	t.Helper()
	want := map[codes.Record]codes.Sentinel{
		codes.RecordValid: "", codes.RecordInvalid: codes.ErrRecordSyntax, codes.RecordMultiple: codes.ErrMultipleRecords,
		codes.RecordAbsent: codes.ErrNoRecord, codes.RecordUnknown: codes.ErrDNS,
	}
	sentinel, known := want[class]
	if !known || wantOne(t, err) != sentinel {
		t.Errorf("class %q, %v", class, err)
	}
	reasoned := class != codes.RecordValid && class != codes.RecordMultiple
	if reasoned != (reason != "") || reasoned && recordClass(reason) != class {
		t.Errorf("class %q, reason %q", class, reason)
	}
	if strict != (err == nil) || strict && !lenient {
		t.Errorf("%v: strict %v, lenient %v", err, strict, lenient)
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, r := range oneRecords() {
		f.Add(r.txt)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		r, err := ParseRecord(txt)
		reading := ReadRecords([]string{txt})
		checkRecord(t, reading.Class, reading.Reason, reading.Strict, reading.Lenient, reading.Err)
		checkFindings(t, reading.Findings)
		if wantOne(t, err) != Sentinel(reading.Err) {
			t.Errorf("ParseRecord says %v, ReadRecords %v", err, reading.Err)
		}
		if err != nil {
			return
		}
		again, err := ParseRecord(r.String())
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%q prints as %q, which reads as %+v, %v", txt, r, again, err)
		}
		printed := ReadRecords([]string{r.String()})
		if n := len(printed.Findings); n > 1 || n == 1 && printed.Findings[0] != codes.FindRecordExtension {
			t.Errorf("%q prints as %q with findings %q", txt, r, printed.Findings)
		}
	})
}

func FuzzReadRecords(f *testing.F) {
	f.Add("v=STSv1; id=1", "v=STSv1 ; id=2", "x")
	f.Add("v=STSv1; id=1;;", "", "V=STSv1")
	for _, r := range oneRecords() {
		f.Add(r.txt, "v=STSv1;", r.txt)
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		r := ReadRecords([]string{a, b, c})
		checkRecord(t, r.Class, r.Reason, r.Strict, r.Lenient, r.Err)
		checkFindings(t, r.Findings)
		turned := ReadRecords([]string{c, a, b}) // an RRset has no order
		if turned.Class != r.Class || turned.Reason != r.Reason || turned.Lenient != r.Lenient ||
			!reflect.DeepEqual(turned.Record, r.Record) {
			t.Errorf("%q: %+v, and in another order %+v", []string{a, b, c}, r, turned)
		}
	})
}

func FuzzParsePolicy(f *testing.F) {
	for _, p := range onePolicies() {
		f.Add([]byte(p.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParsePolicy(body)
		r := ReadPolicy(body)
		checkFindings(t, r.Findings)
		if wantOne(t, err) != wantOne(t, r.Err) || err != nil && Sentinel(err) != codes.ErrPolicySyntax {
			t.Errorf("ParsePolicy says %v, ReadPolicy %v", err, r.Err)
		}
		if r.Strict != (err == nil) || r.Strict && !r.Lenient || r.Strict != (r.Reason == "") {
			t.Errorf("%v: reason %q, strict %v, lenient %v", err, r.Reason, r.Strict, r.Lenient)
		}
		if r.Reason != "" && !slices.Contains(codes.PolicyReasons(codes.StageSyntax), r.Reason) {
			t.Errorf("reason %q", r.Reason)
		}
		if r.Lenient {
			checkUsable(t, r.Policy)
		}
		for _, mx := range r.Policy.MX {
			if mx == "" || !utf8.ValidString(string(mx)) || len(mx) > maxText {
				t.Errorf("pattern %q", mx)
			}
			mx.Match("mx1.example.com")
			mx.Unicode()
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(p, r.Policy) {
			t.Errorf("ParsePolicy reads %+v, ReadPolicy %+v", p, r.Policy)
		}
		again, err := ParsePolicy([]byte(p.String()))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%q prints as %q, which reads as %+v, %v", body, p, again, err)
		}
	})
}

// checkUsable fails unless a sender could work with the policy.
func checkUsable(t *testing.T, p Policy) {
	t.Helper()
	if !slices.Contains(codes.Modes(), p.Mode) || p.MaxAge < 0 || p.MaxAge > maxMaxAge ||
		len(p.MX) == 0 && p.Mode != codes.ModeNone {
		t.Errorf("read leniently as %+v", p)
	}
	for _, mx := range p.MX {
		patternFaults(string(mx), func(f codes.Finding, detail string) {
			if detail != "" && !tolerated(f) {
				t.Errorf("a pattern that is read leniently: %s", detail)
			}
		})
	}
}

// An echo answers every question with the same message, mended to be an answer to it.
type echo struct {
	wire  []byte
	asked atomic.Int32
}

func (e *echo) Exchange(_ context.Context, q *dns.Msg) (*dns.Msg, error) {
	e.asked.Add(1)
	m := new(dns.Msg)
	if err := m.Unpack(e.wire); err != nil {
		return nil, err
	}
	m.Response, m.Opcode, m.Question = true, dns.OpcodeQuery, q.Question
	return m, nil
}

func FuzzReadReply(f *testing.F) {
	for _, tt := range lookups() {
		for _, a := range tt.questions() {
			if a.err == nil && a.raw == nil {
				wire, err := a.reply(f, RecordQuestion("example.com")).Pack()
				if err != nil {
					f.Fatal(err)
				}
				f.Add(wire)
			}
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		reply := new(dns.Msg)
		if reply.Unpack(wire) != nil {
			return
		}
		mended, err := (&echo{wire: wire}).Exchange(t.Context(), RecordQuestion("example.com"))
		if err != nil {
			t.Fatal(err)
		}
		for _, first := range []*dns.Msg{reply, mended} {
			ex := &echo{wire: wire}
			l, err := ReadReply("example.com", first).Lookup(t.Context(), ex)
			checkRecord(t, l.Class, l.Reason, l.Strict, l.Lenient, err)
			checkFindings(t, l.Findings)
			size := 0
			for _, txt := range l.TXT {
				size += len(txt)
			}
			if ex.asked.Load() > maxAliases || len(l.CNAMEs) > maxAliases || len(l.TXT) > maxTXT || size > maxTXTBytes ||
				len(l.TXT) > l.TXTCount {
				t.Errorf("%d questions, %d aliases, %d of %d TXT records, %d octets", ex.asked.Load(), len(l.CNAMEs), len(l.TXT),
					l.TXTCount, size)
			}
			for _, name := range append(l.CNAMEs, l.Zone) {
				if !utf8.ValidString(name) {
					t.Errorf("name %q", name)
				}
			}
		}
		if _, err := LookupHost(t.Context(), &echo{wire: wire}, "mta-sts.example.com"); err != nil {
			if _, reason, ok := saidReason(err); !ok || reason == "" {
				t.Errorf("%v has no reason", err)
			}
		}
	})
}
