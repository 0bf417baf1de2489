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
	end, size, fits := packPlain(wire[:], &question)
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
		"a name":                          {Question{"_mta-sts", "example.com", dns.TypeTXT, 0, 0, false}, true, true},
		"another type":                    {Question{"_smtp._tls", "example.com", dns.TypeA, 0, 0, false}, true, true},
		"the greatest type":               {Question{"", "example.com", 0xffff, 0, 0, false}, true, true},
		"a label":                         {Question{"", "com", dns.TypeSOA, 0, 0, false}, true, true},
		"any octets":                      {Question{"", "a b\x00\xff\"@();$.c", dns.TypeTXT, 0, 0, false}, true, true},
		"a label as long as can be":       {Question{"", full, dns.TypeTXT, 0, 0, false}, true, true},
		"a label too long":                {Question{"", full + "a.b", dns.TypeTXT, 0, 0, false}, false, false},
		"a last label too long":           {Question{"", "b." + full + "a", dns.TypeTXT, 0, 0, false}, false, false},
		"a prefix too long":               {Question{full + "a", "b", dns.TypeTXT, 0, 0, false}, false, false},
		"as long as fits":                 {Question{"", short, dns.TypeTXT, 0, 0, false}, true, true},
		"an octet longer":                 {Question{"", short + "b", dns.TypeTXT, 0, 0, false}, true, false},
		"as long as fits, with a prefix":  {Question{"_m", short[3:], dns.TypeTXT, 0, 0, false}, true, true},
		"longer by a prefix":              {Question{"_m", short[2:], dns.TypeTXT, 0, 0, false}, true, false},
		"as long as can be asked":         {Question{"", long + full[:61], dns.TypeTXT, 0, 0, false}, true, false},
		"longer than can be asked":        {Question{"", long + full[:62], dns.TypeTXT, 0, 0, false}, false, false},
		"longer by a prefix than can be":  {Question{"_m", long + full[:59], dns.TypeTXT, 0, 0, false}, false, false},
		"nothing":                         {Question{}, false, false},
		"a prefix alone":                  {Question{"_mta-sts", "", dns.TypeTXT, 0, 0, false}, false, false},
		"a final dot":                     {Question{"", "example.com.", dns.TypeTXT, 0, 0, false}, false, false},
		"a final dot of the prefix":       {Question{"_mta-sts.", "example.com", dns.TypeTXT, 0, 0, false}, false, false},
		"two dots":                        {Question{"", "example..com", dns.TypeTXT, 0, 0, false}, false, false},
		"a leading dot":                   {Question{"", ".example.com", dns.TypeTXT, 0, 0, false}, false, false},
		"an escape":                       {Question{"", `a\.b.com`, dns.TypeTXT, 0, 0, false}, false, false},
		"an escape in the prefix, at end": {Question{`a\`, "com", dns.TypeTXT, 0, 0, false}, false, false},
	}
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
