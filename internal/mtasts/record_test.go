package mtasts

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// Words of the tables: what happens to one TXT record that stands alone.
const (
	good    = codes.Sentinel("")
	notSTS  = codes.ErrNoRecord
	badText = codes.ErrRecordSyntax
)

// oneRecord is a single TXT record, and its reading.
type oneRecord struct {
	txt     string
	want    codes.Sentinel
	id      string             // as understood, in either reading
	reason  codes.RecordReason // where it is not valid
	lenient bool               // where the strict reading refuses it
	finds   []codes.Finding
}

// oneRecords are the branches of the grammar, and what people publish. They seed the fuzz targets too.
func oneRecords() []oneRecord {
	id32 := strings.Repeat("aB3d", 8)
	x := codes.FindRecordExtension
	near := []codes.Finding{codes.FindRecordNearMiss}
	return []oneRecord{
		// By the letter.
		{txt: "v=STSv1; id=20160831085700Z;", id: "20160831085700Z"}, // the example of section 3.1
		{txt: "v=STSv1;id=1", id: "1"},                               // no white space, no final delimiter
		{txt: "v=STSv1; id=1;", id: "1"},
		{txt: "v=STSv1; id=1; ", id: "1"},                               // white space of the final delimiter
		{txt: "v=STSv1; id=1 ;\t ", id: "1"},                            // on both sides of it
		{txt: "v=STSv1; \t id=1", id: "1"},                              // any number of blanks and tabs
		{txt: "v=STSv1; id=" + id32, id: id32},                          // 32 characters
		{txt: "v=STSv1; id=zZ09;", id: "zZ09"},                          // the edges of ALPHA and DIGIT
		{txt: "v=STSv1; a=1; id=2", id: "2", finds: []codes.Finding{x}}, // the order is free
		{txt: "v=STSv1; id=2; a=1; b.c-d_9=!~<>:/?", id: "2", finds: []codes.Finding{x}},
		{txt: "v=STSv1; id=2; 9" + strings.Repeat("x", 31) + "=1", id: "2", finds: []codes.Finding{x}}, // a name of 32 characters
		{txt: "v=STSv1; id=2; n=a,b\"c\\d", id: "2", finds: []codes.Finding{x}},                        // all visible but = and ;
		{txt: "v=STSv1; id=2; Id=3; iD=4", id: "2", finds: []codes.Finding{x}},                         // names are case-sensitive

		// Erratum 6285: the ABNF has white space before the semicolon.
		{txt: "v=STSv1 ; id=1", id: "1", finds: []codes.Finding{codes.FindRecordSpaceBeforeDelimiter}},
		{txt: "v=STSv1\t \t;id=1", id: "1", finds: []codes.Finding{codes.FindRecordSpaceBeforeDelimiter}},

		// Of a repeated field the first counts; the others need only be well-formed.
		{txt: "v=STSv1; id=1; id=2", id: "1", finds: []codes.Finding{codes.FindRecordDuplicateField}},
		{txt: "v=STSv1; id=1; id=not-an-id", id: "1", finds: []codes.Finding{codes.FindRecordDuplicateField}},
		{txt: "v=STSv1; id=1; v=STSv2", id: "1", finds: []codes.Finding{codes.FindRecordDuplicateField}},
		{txt: "v=STSv1; a=1; id=1; a=2", id: "1", finds: []codes.Finding{x, codes.FindRecordDuplicateField}},
		{txt: "v=STSv1; id=1; id=", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; id=a b", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; id", id: "1", want: badText, reason: codes.RecordFieldMalformed},
		{txt: "v=STSv1; id=not-an-id; id=1", want: badText, reason: codes.RecordIDInvalid, finds: []codes.Finding{codes.FindRecordDuplicateField}},
		{txt: "v=STSv1; id=1; a=1; a=", id: "1", want: badText, reason: codes.RecordExtensionInvalid, finds: []codes.Finding{x}},

		// What most senders tolerate.
		{txt: "v=STSv1;; id=1", id: "1", want: badText, reason: codes.RecordFieldMalformed, lenient: true, finds: []codes.Finding{codes.FindRecordExtraDelimiter}},
		{txt: "v=STSv1; ; ;id=1", id: "1", want: badText, reason: codes.RecordFieldMalformed, lenient: true, finds: []codes.Finding{codes.FindRecordExtraDelimiter}},
		{txt: "v=STSv1; id=1; ;", id: "1", want: badText, reason: codes.RecordFieldMalformed, lenient: true, finds: []codes.Finding{codes.FindRecordExtraDelimiter}},
		{txt: "v=STSv1; id=1 ", id: "1", want: badText, reason: codes.RecordIDInvalid, lenient: true, finds: []codes.Finding{codes.FindRecordTrailingSpace}},
		{txt: "v=STSv1; id=1\t", id: "1", want: badText, reason: codes.RecordIDInvalid, lenient: true, finds: []codes.Finding{codes.FindRecordTrailingSpace}},
		{txt: "v=STSv1; id=1; a=1  ", id: "1", want: badText, reason: codes.RecordExtensionInvalid, lenient: true, finds: []codes.Finding{x, codes.FindRecordTrailingSpace}},
		{txt: "v=STSv1 ;; id=1 ", id: "1", want: badText, reason: codes.RecordFieldMalformed, lenient: true,
			finds: []codes.Finding{codes.FindRecordSpaceBeforeDelimiter, codes.FindRecordExtraDelimiter, codes.FindRecordTrailingSpace}},
		{txt: "v=STSv1; id=1; id=2 ", id: "1", want: badText, reason: codes.RecordIDInvalid, lenient: true,
			finds: []codes.Finding{codes.FindRecordDuplicateField, codes.FindRecordTrailingSpace}},

		// No sender understands these.
		{txt: "v=STSv1;", want: badText, reason: codes.RecordIDMissing},
		{txt: "v=STSv1 ;\t", want: badText, reason: codes.RecordIDMissing, finds: []codes.Finding{codes.FindRecordSpaceBeforeDelimiter}},
		{txt: "v=STSv1; a=1", want: badText, reason: codes.RecordIDMissing, finds: []codes.Finding{x}},
		{txt: "v=STSv1; ID=1", want: badText, reason: codes.RecordIDMissing, finds: []codes.Finding{x}}, // another name, an extension
		{txt: "v=STSv1;;", want: badText, reason: codes.RecordFieldMalformed, finds: []codes.Finding{codes.FindRecordExtraDelimiter}},
		{txt: "v=STSv1; id", want: badText, reason: codes.RecordFieldMalformed},
		{txt: "v=STSv1; id ", want: badText, reason: codes.RecordFieldMalformed, finds: []codes.Finding{codes.FindRecordTrailingSpace}},
		{txt: "v=STSv1; id=", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id=;", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id= 1", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id =1", want: badText, reason: codes.RecordIDInvalid}, // "id " is no name, and meant to be the id
		{txt: "v=STSv1; id = 1;", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id\t= 1 ", want: badText, reason: codes.RecordIDInvalid, finds: []codes.Finding{codes.FindRecordTrailingSpace}},
		{txt: "v=STSv1; id = 1; id=2", want: badText, reason: codes.RecordIDInvalid, finds: []codes.Finding{codes.FindRecordDuplicateField}},
		{txt: "v=STSv1; id=1; id =2", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=2026-11-01", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id=a b", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id=a\tb ", want: badText, reason: codes.RecordIDInvalid, finds: []codes.Finding{codes.FindRecordTrailingSpace}},
		{txt: "v=STSv1; id=a=b", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id='1'", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id=1\r\n", want: badText, reason: codes.RecordIDInvalid}, // only blanks and tabs are white space
		{txt: "v=STSv1; id=1\x00", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; id=1\u00a0", want: badText, reason: codes.RecordIDInvalid, finds: []codes.Finding{codes.FindRecordNotASCII}},
		{txt: "v=STSv1; id=\u0661", want: badText, reason: codes.RecordIDInvalid, finds: []codes.Finding{codes.FindRecordNotASCII}}, // a digit, but not one of ASCII
		{txt: "v=STSv1; id=\xff", want: badText, reason: codes.RecordIDInvalid, finds: []codes.Finding{codes.FindRecordNotASCII}},
		{txt: "v=STSv1; id=" + id32 + "x", want: badText, reason: codes.RecordIDTooLong},
		{txt: "v=STSv1; id=" + id32 + "-", want: badText, reason: codes.RecordIDInvalid}, // the characters come before the length
		{txt: "v=STSv1; id=1, a=1", want: badText, reason: codes.RecordIDInvalid},
		{txt: "v=STSv1; 20261101", want: badText, reason: codes.RecordFieldMalformed},
		{txt: "v=STSv1; id:1", want: badText, reason: codes.RecordFieldMalformed},
		{txt: "v=STSv1; id=1; word", id: "1", want: badText, reason: codes.RecordFieldMalformed},
		{txt: "v=STSv1; word; id=", want: badText, reason: codes.RecordFieldMalformed}, // the first failure is the reason
		{txt: "v=STSv1; id=1; =", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; a=", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; _a=1", id: "1", want: badText, reason: codes.RecordExtensionInvalid}, // begins with a letter or digit
		{txt: "v=STSv1; id=1; a+b=1", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; a b=1", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; n\u00f6te=1", id: "1", want: badText, reason: codes.RecordExtensionInvalid, finds: []codes.Finding{codes.FindRecordNotASCII}},
		{txt: "v=STSv1; id=1; " + strings.Repeat("x", 33) + "=1", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; a=b=c", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; a=b c", id: "1", want: badText, reason: codes.RecordExtensionInvalid},
		{txt: "v=STSv1; id=1; a=\x7f", id: "1", want: badText, reason: codes.RecordExtensionInvalid}, // DEL is a control

		// No record, but meant to be one.
		{txt: "v=STSv1", want: notSTS, reason: codes.RecordBadVersion, finds: near}, // no delimiter
		{txt: "v=STSv1 ", want: notSTS, reason: codes.RecordBadVersion, finds: near},
		{txt: "v=STSv1 id=1", want: notSTS, reason: codes.RecordBadVersion, finds: near},
		{txt: "v=STSv1, id=1", want: notSTS, reason: codes.RecordBadVersion, finds: near},
		{txt: "v=STSv1\n; id=1", want: notSTS, reason: codes.RecordBadVersion, finds: near}, // LF is no white space
		{txt: "v=STSv2; id=1", want: notSTS, reason: codes.RecordBadVersion},
		{txt: "v=STSv10; id=1", want: notSTS, reason: codes.RecordBadVersion},             // the version is not a prefix
		{txt: "v=stsv1; id=1", want: notSTS, reason: codes.RecordBadVersion, finds: near}, // case-sensitive
		{txt: "V=STSv1; id=1", want: notSTS, reason: codes.RecordBadVersion, finds: near},
		{txt: " v=STSv1; id=1", want: notSTS, reason: codes.RecordBadVersion, finds: near}, // MUST begin with the version
		{txt: "\tV=STSV9", want: notSTS, reason: codes.RecordBadVersion},
		{txt: "v = STSv1; id=1", want: notSTS, reason: codes.RecordBadVersion, finds: near},
		{txt: "id=1; v=STSv1;", want: notSTS, reason: codes.RecordBadVersion, finds: near},

		// No record at all.
		{txt: "", want: notSTS, reason: codes.RecordOtherTXT},
		{txt: "v=STS", want: notSTS, reason: codes.RecordOtherTXT},
		{txt: "v=spf1 -all", want: notSTS, reason: codes.RecordOtherTXT},
		{txt: "v=TLSRPTv1; rua=mailto:tls@example.com", want: notSTS, reason: codes.RecordOtherTXT},
		{txt: "\xff\xfe", want: notSTS, reason: codes.RecordOtherTXT},
	}
}

func TestOneRecord(t *testing.T) {
	for _, tt := range oneRecords() {
		r := ReadRecords([]string{tt.txt})
		class := codes.RecordValid
		switch tt.want {
		case notSTS:
			class = codes.RecordAbsent
		case badText:
			class = codes.RecordInvalid
		}
		if wantOne(t, r.Err) != tt.want || r.Class != class || r.Reason != tt.reason {
			t.Errorf("%q: %v, %s %s, want %q, %s %s", tt.txt, r.Err, r.Class, r.Reason, tt.want, class, tt.reason)
		}
		if r.Record.ID != tt.id {
			t.Errorf("%q: id %q, want %q", tt.txt, r.Record.ID, tt.id)
		}
		if r.Strict != (tt.want == good) || r.Lenient != (tt.want == good || tt.lenient) {
			t.Errorf("%q: strict %v, lenient %v", tt.txt, r.Strict, r.Lenient)
		}
		if !slices.Equal(r.Findings, tt.finds) {
			t.Errorf("%q: findings %q, want %q", tt.txt, r.Findings, tt.finds)
		}
		rec, err := ParseRecord(tt.txt)
		if wantOne(t, err) != tt.want {
			t.Errorf("ParseRecord(%q): %v, want %q", tt.txt, err, tt.want)
		}
		if err == nil && !reflect.DeepEqual(rec, r.Record) || err != nil && !reflect.DeepEqual(rec, Record{}) {
			t.Errorf("ParseRecord(%q) = %+v", tt.txt, rec)
		}
	}
}

func TestRecordString(t *testing.T) {
	for in, want := range map[string]string{
		"v=STSv1;id=1":                   "v=STSv1; id=1;",
		"v=STSv1\t;\tb=2;id=1 ;a=1;b=3;": "v=STSv1; id=1; b=2; a=1;",
	} {
		r, err := ParseRecord(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if got := r.String(); got != want {
			t.Errorf("%q prints as %q, want %q", in, got, want)
		}
		if again, err := ParseRecord(want); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%q reads as %+v, %v; want %+v", want, again, err, r)
		}
	}
}

// Filter first, count second, parse third (section 3.1).
func TestSeveralRecords(t *testing.T) {
	other := []codes.Finding{codes.FindRecordOtherTXT}
	near := []codes.Finding{codes.FindRecordNearMiss}
	same := []codes.Finding{codes.FindRecordIdentical}
	for _, tt := range []struct {
		txts    []string
		want    codes.Sentinel
		class   codes.Record
		reason  codes.RecordReason
		id      string
		lenient bool
		finds   []codes.Finding
	}{
		{txts: nil, want: codes.ErrNoRecord, class: codes.RecordAbsent, reason: codes.RecordNoData},
		{txts: []string{"a", "b"}, want: codes.ErrNoRecord, class: codes.RecordAbsent, reason: codes.RecordOtherTXT},
		{txts: []string{"v=STSv2; id=1", "b"}, want: codes.ErrNoRecord, class: codes.RecordAbsent, reason: codes.RecordBadVersion},
		{txts: []string{"a", "V=STSv1; id=1"}, want: codes.ErrNoRecord, class: codes.RecordAbsent, reason: codes.RecordBadVersion, finds: near},
		{txts: []string{"a", "v=STSv1; id=1"}, class: codes.RecordValid, id: "1", lenient: true, finds: other},
		{txts: []string{"v=STSv1; id=1", "v=STSv2; id=2"}, class: codes.RecordValid, id: "1", lenient: true, finds: other},
		{txts: []string{"v=STSv1; id=1", "\xff"}, class: codes.RecordValid, id: "1", lenient: true, finds: other}, // discarded before it can hurt
		{txts: []string{"", "v=STSv1; id=1"}, class: codes.RecordValid, id: "1", lenient: true, finds: other},
		{txts: []string{"v=STSv1; id=1", "v=STSv1; id=2"}, want: codes.ErrMultipleRecords, class: codes.RecordMultiple},
		{txts: []string{"v=STSv1; id=1", "v=STSv1; id=1"}, want: codes.ErrMultipleRecords, class: codes.RecordMultiple, finds: same},
		{txts: []string{"v=STSv1; id=1", "a", "v=STSv1;"}, want: codes.ErrMultipleRecords, class: codes.RecordMultiple}, // whatever is inside them
		{txts: []string{"v=STSv1;", "v=STSv1;"}, want: codes.ErrMultipleRecords, class: codes.RecordMultiple, finds: same},
		{txts: []string{"v=STSv1; id=a-b", "a"}, want: codes.ErrRecordSyntax, class: codes.RecordInvalid, reason: codes.RecordIDInvalid, finds: other},
		{txts: []string{"v=STSv1; id=1;;", "a"}, want: codes.ErrRecordSyntax, class: codes.RecordInvalid, reason: codes.RecordFieldMalformed, id: "1", lenient: true,
			finds: []codes.Finding{codes.FindRecordExtraDelimiter, codes.FindRecordOtherTXT}},

		{txts: []string{"v=STSv1; id=1", "v=STSv1; id=1", "a"}, want: codes.ErrMultipleRecords, class: codes.RecordMultiple, finds: same},
		{txts: []string{"v=STSv1; id=1", "v=STSv1; id=1", "v=STSv1; id=1;"}, want: codes.ErrMultipleRecords, class: codes.RecordMultiple},
		{txts: []string{"v=STSv1; id=1", `"v=STSv1; id=2"`}, class: codes.RecordValid, id: "1", lenient: true, finds: other}, // a near miss takes nothing away

		// Erratum 6285: in company the literal "v=STSv1;" decides.
		{txts: []string{"v=STSv1 ; id=1", "a"}, want: codes.ErrNoRecord, class: codes.RecordAbsent, reason: codes.RecordBadVersion, id: "1", lenient: true,
			finds: []codes.Finding{codes.FindRecordSpaceBeforeDelimiter, codes.FindRecordOtherTXT}},
		{txts: []string{"v=STSv1 ; id=a-b", "a"}, want: codes.ErrNoRecord, class: codes.RecordAbsent, reason: codes.RecordBadVersion,
			finds: []codes.Finding{codes.FindRecordSpaceBeforeDelimiter, codes.FindRecordOtherTXT}},
		{txts: []string{"v=STSv1 ; id=1", "v=STSv1 ; id=2"}, want: codes.ErrNoRecord, class: codes.RecordAbsent, reason: codes.RecordBadVersion,
			finds: []codes.Finding{codes.FindRecordSpaceBeforeDelimiter, codes.FindRecordOtherTXT}},
		{txts: []string{"v=STSv1 ; id=1", "v=STSv1; id=2"}, class: codes.RecordValid, id: "2", lenient: true,
			finds: []codes.Finding{codes.FindRecordOtherTXT, codes.FindRecordSpaceBeforeDelimiter}},
	} {
		reversed := slices.Clone(tt.txts)
		slices.Reverse(reversed) // the order of an RRset means nothing
		for _, txts := range [][]string{tt.txts, reversed} {
			r := ReadRecords(txts)
			if wantOne(t, r.Err) != tt.want || r.Class != tt.class || r.Reason != tt.reason || r.Record.ID != tt.id {
				t.Errorf("%q: %v, %s %s, id %q; want %q, %s %s, id %q", txts, r.Err, r.Class, r.Reason, r.Record.ID, tt.want,
					tt.class, tt.reason, tt.id)
			}
			if r.Strict != (tt.want == "") || r.Lenient != tt.lenient || !slices.Equal(r.Findings, tt.finds) {
				t.Errorf("%q: strict %v, lenient %v, findings %q", txts, r.Strict, r.Lenient, r.Findings)
			}
		}
	}
}
