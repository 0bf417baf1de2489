package domains

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// A list in UTF-16, as Excel writes "Unicode text", is the list that it is in UTF-8. Text in Windows-1252 is rejected
// where it is not ASCII, with its octets.
func TestEncodings(t *testing.T) {
	const text = "Owner\tDomain\r\nM\u00fcller\tb\u00fccher.de\r\n\tb_d.de\r\nMaier\ta.de\r\n"
	var little, big strings.Builder
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		little.Write([]byte{byte(unit), byte(unit >> 8)})
		big.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	rejected := []string{"3 underscore b_d.de"}
	names := []string{"xn--bcher-kva.de map[owner:M\u00fcller]", "a.de map[owner:Maier]"}
	for _, tt := range []struct {
		name, list     string
		names, rejects []string
	}{
		{"UTF-8", text, names, rejected},
		{"UTF-8 with a byte order mark", "\ufeff" + text, names, rejected},
		{"UTF-16, little-endian", little.String(), names, rejected},
		{"UTF-16, big-endian", big.String(), names, rejected},
		{"Windows-1252", strings.ReplaceAll(text, "\u00fc", "\xfc"), []string{"a.de map[owner:Maier]"},
			[]string{`2 bad_character b\xfccher.de`, "3 underscore b_d.de"}},
	} {
		cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{writeList(t, "list", tt.list)}}, Tags: []string{"owner"}}
		p, err := Prepare(t.Context(), cfg)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var got, rejects []string
		for name, err := range p.Chunk(0) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(name.Domain, " ", name.Tags))
		}
		for _, l := range rejectLines(t, cfg.Dir) {
			rejects = append(rejects, fmt.Sprint(l.Line, " ", l.Reason, " ", l.Text))
		}
		if !slices.Equal(got, tt.names) || !slices.Equal(rejects, tt.rejects) {
			t.Errorf("%s: names %q, rejects %q", tt.name, got, rejects)
		}
	}
}
