package dnswire

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"pgregory.net/rapid"
)

// room is how long a query of the tests may be, beside those that may be as long as can be.
const room = 112

// A question is what PackQuery is given.
type question struct {
	label, name string
	qtype       uint16
}

func (q question) owner() string {
	if q.label == "" {
		return q.name
	}
	return q.label + "." + q.name
}

// packs packs a question in the ways that there are, which must agree, and reports whether it can be asked, and whether
// it fits the room.
func packs(t interface{ Fatalf(string, ...any) }, question question) (askable, fits bool) {
	var wire [room]byte
	end, size, fits := PackQuery(wire[:], question.label, question.name, question.qtype)
	var q Query
	askable = q.Ask(question.owner(), question.qtype) == nil
	if fits != (askable && len(q.Message()) <= room) {
		t.Fatalf("%q: fits %v, can be asked %v with %d octets", question.owner(), fits, askable, len(q.Message()))
	}
	if fits && (!bytes.Equal(wire[:size], q.Message()) || end != HeaderSize+len(q.Question())) {
		t.Fatalf("%q: end %d, question of %d octets\nin little room\n%salone\n%s",
			question.owner(), end, len(q.Question()), hex.Dump(wire[:size]), hex.Dump(q.Message()))
	}
	var more [2 * MaxQuery]byte
	if _, _, ok := PackQuery(more[:], question.label, question.name, question.qtype); ok != askable {
		t.Fatalf("%q: with more room than any query needs %v, can be asked %v", question.owner(), ok, askable)
	}
	if !askable {
		return false, false
	}
	m := txt(question.owner())
	m.Question[0].Qtype = question.qtype
	library, err := m.Pack()
	if err != nil || !bytes.Equal(library, q.Message()) {
		t.Fatalf("%q: by the library (error %v)\n%sby hand\n%s",
			question.owner(), err, hex.Dump(library), hex.Dump(q.Message()))
	}
	if end := QuestionEnd(library); end != HeaderSize+len(q.Question()) {
		t.Fatalf("%q: the question ends at %d, want %d", question.owner(), end, HeaderSize+len(q.Question()))
	}
	return true, fits
}

// txt is the question for the TXT records of name, with the id 0.
func txt(name string) *dns.Msg {
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeTXT)
	q.Id, q.AuthenticatedData = 0, true
	return q.SetEdns0(UDPSize, false)
}

// A questionCase is a question, and what becomes of it.
type questionCase struct {
	question
	askable, fits bool
}

func packQuestions() map[string]questionCase {
	full := strings.Repeat("a", MaxLabel)
	long := full + "." + full + "." + full + "."
	// What is left for a name in the room: its labels, their lengths, the root.
	const left = room - HeaderSize - 4 - OPTSize - 2
	short := full + "." + strings.Repeat("b", left-MaxLabel-1)
	return map[string]questionCase{
		"a name":                          {question{"_mta-sts", "example.com", dns.TypeTXT}, true, true},
		"another type":                    {question{"_smtp._tls", "example.com", dns.TypeA}, true, true},
		"the greatest type":               {question{"", "example.com", 0xffff}, true, true},
		"a label":                         {question{"", "com", dns.TypeSOA}, true, true},
		"any octets":                      {question{"", "a b\x00\xff\"@();$.c", dns.TypeTXT}, true, true},
		"a label as long as can be":       {question{"", full, dns.TypeTXT}, true, true},
		"a label too long":                {question{"", full + "a.b", dns.TypeTXT}, false, false},
		"a last label too long":           {question{"", "b." + full + "a", dns.TypeTXT}, false, false},
		"a prefix too long":               {question{full + "a", "b", dns.TypeTXT}, false, false},
		"as long as fits":                 {question{"", short, dns.TypeTXT}, true, true},
		"an octet longer":                 {question{"", short + "b", dns.TypeTXT}, true, false},
		"as long as fits, with a prefix":  {question{"_m", short[3:], dns.TypeTXT}, true, true},
		"longer by a prefix":              {question{"_m", short[2:], dns.TypeTXT}, true, false},
		"as long as can be asked":         {question{"", long + full[:61], dns.TypeTXT}, true, false},
		"longer than can be asked":        {question{"", long + full[:62], dns.TypeTXT}, false, false},
		"longer by a prefix than can be":  {question{"_m", long + full[:59], dns.TypeTXT}, false, false},
		"nothing":                         {question{}, false, false},
		"a prefix alone":                  {question{"_mta-sts", "", dns.TypeTXT}, false, false},
		"a final dot":                     {question{"", "example.com.", dns.TypeTXT}, false, false},
		"a final dot of the prefix":       {question{"_mta-sts.", "example.com", dns.TypeTXT}, false, false},
		"two dots":                        {question{"", "example..com", dns.TypeTXT}, false, false},
		"a leading dot":                   {question{"", ".example.com", dns.TypeTXT}, false, false},
		"an escape":                       {question{"", `a\.b.com`, dns.TypeTXT}, false, false},
		"an escape in the prefix, at end": {question{`a\`, "com", dns.TypeTXT}, false, false},
	}
}

func TestPack(t *testing.T) {
	for title, c := range packQuestions() {
		if askable, fits := packs(t, c.question); askable != c.askable || fits != c.fits {
			t.Errorf("%s: can be asked %v, fits %v; want %v, %v", title, askable, fits, c.askable, c.fits)
		}
	}
}

// The query is the same whatever the room for it, and the one that the library packs, whatever the name.
func TestPackProperty(t *testing.T) {
	label := rapid.StringOfN(rapid.RuneFrom([]rune("abcXYZ019-_")), 0, 66, 66)
	odd := rapid.StringOfN(rapid.RuneFrom([]rune("ab.\\ü \x00")), 0, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		name := strings.Join(rapid.SliceOfN(label, 0, 6).Draw(t, "labels"), ".")
		if rapid.IntRange(0, 4).Draw(t, "odd") == 0 {
			name += odd.Draw(t, "more")
		}
		packs(t, question{
			label: rapid.SampledFrom([]string{"", "_mta-sts", "_smtp._tls", ".", "a."}).Draw(t, "prefix"),
			name:  name, qtype: rapid.Uint16().Draw(t, "type"),
		})
	})
}

func FuzzPack(f *testing.F) {
	for _, c := range packQuestions() {
		f.Add(c.label, c.name, c.qtype)
	}
	f.Fuzz(func(t *testing.T, label, name string, qtype uint16) {
		packs(t, question{label, name, qtype})
	})
}
