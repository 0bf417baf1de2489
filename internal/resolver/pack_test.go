package resolver

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"pgregory.net/rapid"
)

// packs packs a question in the three ways that there are, which must agree,
// and reports whether it can be asked, and whether it fits a slot.
func packs(t interface{ Fatalf(string, ...any) }, question Question) (askable, fits bool) {
	var wire [inlineQuery]byte
	end, size, fits := packPlain(wire[:], question.Label, question.Name, question.Type)
	var q query
	askable = q.ask(question.owner(), question.Type) == nil
	if fits != (askable && len(q.message()) <= inlineQuery) {
		t.Fatalf("%q: fits %v, can be asked %v with %d octets", question.owner(), fits, askable, len(q.message()))
	}
	if fits && (!bytes.Equal(wire[:size], q.message()) || end != q.end) {
		t.Fatalf("%q: end %d and %d\nin a slot\n%salone\n%s", question.owner(), end, q.end, hex.Dump(wire[:size]), hex.Dump(q.message()))
	}
	if !askable {
		return false, false
	}
	m := txt(question.owner())
	m.Id, m.Question[0].Qtype = 0, question.Type
	library, err := m.Pack()
	if err != nil || !bytes.Equal(library, q.message()) {
		t.Fatalf("%q: by the library (error %v)\n%sby hand\n%s", question.owner(), err, hex.Dump(library), hex.Dump(q.message()))
	}
	return true, fits
}

func packQuestions() map[string]struct {
	question      Question
	askable, fits bool
} {
	type c = struct {
		question      Question
		askable, fits bool
	}
	full := strings.Repeat("a", maxLabel)
	long := full + "." + full + "." + full + "."
	// What is left for a name in a slot: its labels, their lengths, the root.
	const room = inlineQuery - headerSize - 4 - 11 - 2
	short := full + "." + strings.Repeat("b", room-maxLabel-1)
	return map[string]c{
		"a name":                          {packQuestion("_mta-sts", "example.com", dns.TypeTXT), true, true},
		"another type":                    {packQuestion("_smtp._tls", "example.com", dns.TypeA), true, true},
		"the greatest type":               {packQuestion("", "example.com", 0xffff), true, true},
		"a label":                         {packQuestion("", "com", dns.TypeSOA), true, true},
		"any octets":                      {packQuestion("", "a b\x00\xff\"@();$.c", dns.TypeTXT), true, true},
		"a label as long as can be":       {packQuestion("", full, dns.TypeTXT), true, true},
		"a label too long":                {packQuestion("", full+"a.b", dns.TypeTXT), false, false},
		"a last label too long":           {packQuestion("", "b."+full+"a", dns.TypeTXT), false, false},
		"a prefix too long":               {packQuestion(full+"a", "b", dns.TypeTXT), false, false},
		"as long as fits":                 {packQuestion("", short, dns.TypeTXT), true, true},
		"an octet longer":                 {packQuestion("", short+"b", dns.TypeTXT), true, false},
		"as long as fits, with a prefix":  {packQuestion("_m", short[3:], dns.TypeTXT), true, true},
		"longer by a prefix":              {packQuestion("_m", short[2:], dns.TypeTXT), true, false},
		"as long as can be asked":         {packQuestion("", long+full[:61], dns.TypeTXT), true, false},
		"longer than can be asked":        {packQuestion("", long+full[:62], dns.TypeTXT), false, false},
		"longer by a prefix than can be":  {packQuestion("_m", long+full[:59], dns.TypeTXT), false, false},
		"nothing":                         {Question{}, false, false},
		"a prefix alone":                  {packQuestion("_mta-sts", "", dns.TypeTXT), false, false},
		"a final dot":                     {packQuestion("", "example.com.", dns.TypeTXT), false, false},
		"a final dot of the prefix":       {packQuestion("_mta-sts.", "example.com", dns.TypeTXT), false, false},
		"two dots":                        {packQuestion("", "example..com", dns.TypeTXT), false, false},
		"a leading dot":                   {packQuestion("", ".example.com", dns.TypeTXT), false, false},
		"an escape":                       {packQuestion("", `a\.b.com`, dns.TypeTXT), false, false},
		"an escape in the prefix, at end": {packQuestion(`a\`, "com", dns.TypeTXT), false, false},
	}
}

func packQuestion(label, name string, qtype uint16) Question {
	return Question{Label: label, Name: name, Type: qtype}
}

func TestPack(t *testing.T) {
	for title, c := range packQuestions() {
		if askable, fits := packs(t, c.question); askable != c.askable || fits != c.fits {
			t.Errorf("%s: can be asked %v, fits %v; want %v, %v", title, askable, fits, c.askable, c.fits)
		}
	}
}

// The question in a slot is the one that Exchange asks and that the library
// packs, whatever the name.
func TestPackProperty(t *testing.T) {
	label := rapid.StringOfN(rapid.RuneFrom([]rune("abcXYZ019-_")), 0, 66, 66)
	odd := rapid.StringOfN(rapid.RuneFrom([]rune("ab.\\ü \x00")), 0, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		name := strings.Join(rapid.SliceOfN(label, 0, 6).Draw(t, "labels"), ".")
		if rapid.IntRange(0, 4).Draw(t, "odd") == 0 {
			name += odd.Draw(t, "more")
		}
		packs(t, Question{
			Label: rapid.SampledFrom([]string{"", "_mta-sts", "_smtp._tls", ".", "a."}).Draw(t, "prefix"),
			Name:  name, Type: rapid.Uint16().Draw(t, "type"),
		})
	})
}

func FuzzPack(f *testing.F) {
	for _, c := range packQuestions() {
		f.Add(c.question.Label, c.question.Name, c.question.Type)
	}
	f.Fuzz(func(t *testing.T, label, name string, qtype uint16) {
		packs(t, Question{Label: label, Name: name, Type: qtype})
	})
}
