package mtasts

import (
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// nearMisses are texts as people publish them, with the record that they were meant to be; "": that is not known.
func nearMisses() map[string]string {
	const one = "v=STSv1; id=1;"
	misses := map[string]string{
		"v=STSv1":    "",
		"v=STSv1 id": "",
		"version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400\n": "", // the policy
		`"v=STSv1; id=2024-01-01;"`: "",

		"id=20240101T000000Z; v=STSv1;":                             "v=STSv1; id=20240101T000000Z;",
		`_mta-sts.example.com. 3600 IN TXT "v=STSv1; id=20240101;"`: "v=STSv1; id=20240101;",
	}
	for _, txt := range []string{
		// Quotes and escapes.
		`"v=STSv1; id=1;"`, `"v=STSv1; id=1;`, `'v=STSv1; id=1;'`, "`v=STSv1; id=1`", `"v=STSv1;" "id=1;"`, `"v=STSv1"; "id=1";`,
		`\"v=STSv1; id=1;\"`, "\u201cv=STSv1; id=1;\u201d", "\u201ev=STSv1; id=1;\u201c", "\u00abv=STSv1; id=1;\u00bb",
		"\x93v=STSv1; id=1;\x94", `v=STSv1\; id=1\;`, `v=STSv1\; id=1;`, `v=STSv1\059 id=1\059`, "v=STSv1&#59; id=1",
		"v=STSv1\uff1b id=1", "v\uff1dSTSv1; id=1", `("v=STSv1; id=1;")`,

		// White space, and what cannot be seen.
		" v=STSv1; id=1;", "\tv=STSv1; id=1;", "\u00a0v=STSv1; id=1;", "\ufeffv=STSv1; id=1;", "\u200bv=STSv1; id=1;",
		"v = STSv1; id = 1;", "v= STSv1; id=1", "v =STSv1; id=1",

		// The version.
		"v=STS1; id=1;", "v=STSV1; id=1;", "v=stsv1; id=1", "V=STSv1; id=1", "v=STS-v1; id=1", "v=STSv; id=1", "v=STSvl; id=1",
		"v=STVv1; id=1", "v=STS; id=1", "v=MTASTSv1; id=1", "v=MTA-STSv1; id=1", "v:STSv1; id:1", "v: STSv1; id=1",
		"version=STSv1; id=1", "STSv1; id=1;", `"STSv1; id=1;"`, "v=sTsV1;ID=1",

		// Delimiters.
		"v=STSv1 id=1", "v=STSv1, id=1", "v=STSv1: id=1", "v=STSv1|id=1", "v=STSv1\n; id=1", "v=STSv1,id=1,",

		// A line of a zone.
		`_mta-sts.example.com. IN TXT "v=STSv1; id=1;"`, `_mta-sts IN TXT "v=STSv1; id=1;"`, `_mta-sts TXT v=STSv1; id=1;`,
		`@ 300 IN TXT ("v=STSv1; " "id=1;")`, `IN TXT "v=STSv1; id=1"`, `TXT v=STSv1; id=1`, "_mta-sts.example.com: v=STSv1; id=1;",
		`_mta-sts.example.com.	3600	IN	TXT	"v=STSv1; id=1;"`,
	} {
		misses[txt] = one
	}
	return misses
}

func TestNearMisses(t *testing.T) {
	for txt, want := range nearMisses() {
		r := ReadRecords([]string{txt})
		if r.Class != codes.RecordAbsent || r.Reason != codes.RecordBadVersion || r.Strict || r.Lenient ||
			!slices.Equal(r.Findings, []codes.Finding{codes.FindRecordNearMiss}) {
			t.Errorf("%q: %s %s, findings %q", txt, r.Class, r.Reason, r.Findings)
		}
		got, ok := Meant(txt)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: meant %q, %v; want %q", txt, got.String(), ok, want)
		}
	}
}

// Texts about other things, and other versions, are no near misses.
func TestNoNearMisses(t *testing.T) {
	for _, txt := range []string{
		"", "parked", "v=", "v", "v=STS", "sts", "STSv2; id=1", "v=spf1 -all", `"v=spf1 include:_spf.example.net ~all"`, "v=DMARC1; p=none; rua=mailto:a@example.com",
		"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ", "v=TLSRPTv1; rua=mailto:a@example.com", "v=BIMI1; l=https://example.com/a.svg",
		`_dmarc IN TXT "v=DMARC1; p=none"`, "google-site-verification=abc", "MS=ms12345678", "id=1", "id=1; v=spf1", "k=v=STSv1; id=1",
		"we enforce v=STSv1; id=1", "v=verifydomain MS=1", "v=STSv11; id=1", "v=spf1 TXT v=STSv1; id=1", "v=ARC1; id=1", "\xff\xfe\x00",
	} {
		r := ReadRecords([]string{txt})
		if r.Class != codes.RecordAbsent || r.Findings != nil ||
			r.Reason != codes.RecordOtherTXT && !strings.HasPrefix(txt, "v=STSv1") {
			t.Errorf("%q: %s %s, findings %q", txt, r.Class, r.Reason, r.Findings)
		}
		if got, ok := Meant(txt); ok {
			t.Errorf("%q: meant %q", txt, got.String())
		}
	}
	for _, txt := range []string{"v=STSv2; id=1", "v=STSv1.0; id=1", "v=STSv10; id=1", " V=STSV9"} {
		if r := ReadRecords([]string{txt}); r.Reason != codes.RecordBadVersion || r.Findings != nil {
			t.Errorf("%q: %s, findings %q", txt, r.Reason, r.Findings)
		}
	}
}

// Whatever stands in a text, one that senders take for a record is no near miss and is not absent, and one that
// begins as a record of something else is none either.
func FuzzNearMiss(f *testing.F) {
	for txt := range nearMisses() {
		f.Add(txt)
	}
	for _, r := range oneRecords() {
		f.Add(r.txt)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		near := func(txts ...string) bool {
			r := ReadRecords(txts)
			found := slices.Contains(r.Findings, codes.FindRecordNearMiss)
			if found && (r.Class != codes.RecordAbsent || r.Reason != codes.RecordBadVersion) {
				t.Errorf("%q: a near miss, %s %s", txts, r.Class, r.Reason)
			}
			return found
		}
		near(txt)
		for _, record := range []string{"v=STSv1;" + txt, "v=STSv1 ;" + txt} {
			if r := ReadRecords([]string{record}); r.Class == codes.RecordAbsent {
				t.Errorf("%q is %s", record, r.Class)
			}
		}
		for _, txts := range [][]string{{"v=STSv1;" + txt, txt}, {txt, "v=STSv1; id=1"}} {
			if r := ReadRecords(txts); r.Class == codes.RecordAbsent {
				t.Errorf("%q is %s", txts, r.Class)
			}
		}
		for _, other := range []string{"v=spf1 ", "v=DKIM1; ", "v=DMARC1;", "v=TLSRPTv1; "} {
			if near(other+txt) || ReadRecords([]string{other + txt}).Reason != codes.RecordOtherTXT {
				t.Errorf("%q is a near miss", other+txt)
			}
		}
		if r, ok := Meant(txt); ok {
			if again, err := ParseRecord(r.String()); err != nil || again.ID != r.ID {
				t.Errorf("%q: meant %q: %v", txt, r.String(), err)
			}
		}
	})
}
