package domains

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// entryTests are entries that are no names, the host in each, and the reason for which strict rules refuse it.
func entryTests() []struct {
	in, host string
	kind     Reason
} {
	return []struct {
		in, host string
		kind     Reason
	}{
		// URLs (RFC 3986).
		{"https://user:pw@www.example.com:8443/path?q#f", "www.example.com", ReasonURL},
		{"https://www.example.com", "www.example.com", ReasonURL}, // an origin, as of the Chrome UX Report
		{" http://example.com/ ", "example.com", ReasonURL},
		{"HTTPS://WWW.Example.COM/Path?q#f", "WWW.Example.COM", ReasonURL},
		{"wss://example.com/", "example.com", ReasonURL},
		{"ftp://example.com/", "example.com", ReasonURL},
		{"//example.com/", "example.com", ReasonURL},
		{"example.com/", "example.com", ReasonURL},
		{"example.com/path//x", "example.com", ReasonURL},
		{"example.com:8080/path", "example.com", ReasonURL},
		{"example.com/https://www.example.net", "example.com", ReasonURL},
		{"https://example.com:", "example.com", ReasonURL},
		{"https://example.com?a=b@c", "example.com", ReasonURL},
		{"https://example.com#/", "example.com", ReasonURL},
		{"https://example.com/@jane", "example.com", ReasonURL},
		{"https://user:a@b@example.com:1/x@y", "example.com", ReasonURL},
		{"https://jane%40example.net:pw@example.com/", "example.com", ReasonURL},
		{"https://b\u00fccher.example/", "b\u00fccher.example", ReasonURL},
		{"https://example.com./", "example.com.", ReasonURL},
		{"https://*.example.com", "example.com", ReasonURL},
		{"https://192.0.2.1:80/", "192.0.2.1", ReasonURL},
		{"http://[2001:db8::1]/", "[2001:db8::1]", ReasonURL},
		{"https://[2001:db8::1]:443/", "[2001:db8::1]", ReasonURL},
		{"https://example.com:port/", "example.com:port", ReasonURL}, // for appendName to refuse
		{"https://user:pw@exa,mple/", "exa,mple", ReasonURL},
		{"https://", "", ""},
		{"https:///path", "", ""},
		{"https://user@", "", ""},
		{"https://:443", "", ""},
		{"/path", "", ""},
		{"ssh://example.com", "", ""},
		{"android-app://com.example.app/", "", ""}, // the name of a program
		{`https://example.com\@example.net/`, "", ""},
		{"https://example.com/ https://example.net/", "", ""},
		{"example.com / example.net", "", ""},

		// Mail addresses (RFC 5322), and URIs of them (RFC 6068).
		{"jane@example.com", "example.com", ReasonMailAddress},
		{"Jane <jane@example.com>", "example.com", ReasonMailAddress},
		{"Doe, Jane <jane@example.com>", "example.com", ReasonMailAddress},
		{`"Doe, Jane @ <work>" <jane@example.com>`, "example.com", ReasonMailAddress},
		{"jane@example.com <jane@example.com>", "example.com", ReasonMailAddress},
		{"<jane@example.com>", "example.com", ReasonMailAddress},
		{"@example.com", "example.com", ReasonMailAddress},
		{"*@example.com", "example.com", ReasonMailAddress},
		{"@*.example.com", "example.com", ReasonMailAddress},
		{"mailto:jane@example.com?subject=x", "example.com", ReasonMailAddress},
		{"<MAILTO:jane@example.com>", "example.com", ReasonMailAddress},
		{`"jane doe"@example.com`, "example.com", ReasonMailAddress},
		{`"jane@home"@example.com`, "example.com", ReasonMailAddress},
		{"j\u00e4ne@b\u00fccher.example", "b\u00fccher.example", ReasonMailAddress},
		{"jane\uff20example.com", "example.com", ReasonMailAddress}, // full width
		{"jane%40example.com", "example.com", ReasonMailAddress},
		{"jane@[192.0.2.1]", "[192.0.2.1]", ReasonMailAddress},
		{"jane@[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]", ReasonMailAddress},
		{"jane@exa mple", "exa mple", ReasonMailAddress}, // for appendName to refuse
		{"jane@", "", ""},
		{"@", "", ""},
		{"mailto:", "", ""},
		{"jane doe@example.com", "", ""},
		{"jane@example.net bob@example.com", "", ""},
		{"jane@example.net,bob@example.com", "", ""},
		{"Jane <jane@example.net>, Bob <bob@example.com>", "", ""},
		{"jane@example.net, Bob <bob@example.com>", "", ""},
		{"mailto:jane@example.net,bob@example.com", "", ""},
		{"jane@example.net@example.com", "", ""},
		{"jane@example.com>", "", ""},
		{"example.net/jane@example.com", "", ""}, // a path
		{"user:pw@example.com", "", ""},

		// Ports and wildcards.
		{"example.com:443", "example.com", ReasonPort},
		{"*.example.com:443", "example.com", ReasonPort},
		{"[2001:db8::1]:443", "[2001:db8::1]", ReasonPort},
		{"*.example.com", "example.com", ReasonWildcard},
		{"*.com", "com", ReasonWildcard},
		{"example.com:", "", ""},
		{"example.com :443", "", ""},
		{":443", "", ""},
		{"2001:db8::1", "", ""},
		{"*", "", ""},
		{"*.", "", ""},
		{"a.*.example.com", "", ""},
		{"*x.example.com", "", ""},
		{"", "", ""},
	}
}

func TestHostIn(t *testing.T) {
	for _, tt := range entryTests() {
		host, kind := hostIn([]byte(tt.in))
		if string(host) != tt.host || kind != tt.kind {
			t.Errorf("%q: %q, %q, want %q, %q", tt.in, host, kind, tt.host, tt.kind)
		}
		_, err := Rules{StrictNames: true}.Normalize(tt.in)
		if r, _ := err.(*Reject); tt.kind != "" && (r == nil || r.Reason != tt.kind) {
			t.Errorf("%q by strict rules: %v, want %s", tt.in, err, tt.kind)
		}
	}
	for in, want := range map[string]string{
		"https://user:pw@WWW.Example.com:8443/": "www.example.com", "Jane <jane@b\u00fccher.example.com>": "xn--bcher-kva.example.com",
	} {
		if got, err := Normalize(in); got != want || err != nil {
			t.Errorf("Normalize(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

// What is shown of an entry begins with its last at sign.
func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		"jane@exa mple": "@exa mple", "a@b@c": "@c", "jane%40x y": "%40x y", "jane\uff20x y": "\uff20x y",
		"jane\ufe6bx": "\ufe6bx", "a b": "a b", strings.Repeat("j", 300) + "@x y": "@x y", "": "",
	} {
		if got := shown([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// localPart stands for what must never come out.
const localPart = "l0calpart"

// entriesWithLocalParts are all kinds of entries, good and bad.
func entriesWithLocalParts() (lines []string) {
	for _, text := range []string{
		"%s@example.com", "Jane <%s@example.com>", "mailto:%s@example.com?subject=x", "https://user:%s@www.example.com/",
		"https://%s:pw@www.example.com:8443/path?q#f", "%s@exa mple", "%s@", "<%s@example.com", "%s@[192.0.2.1]",
		"%s@localhost", "a,%s@b@example.com", "\"%s@example.com", "%s@example.com,bob@example.com", "%s%%40exa mple",
		"%s\uff20exa mple", "%s@optout.com", "%s@com", strings.Repeat("x", 290) + " %s@x y", "ssh://%s@example.com/",
	} {
		lines = append(lines, fmt.Sprintf(text, localPart))
	}
	return append(lines, strings.Repeat("x", 100)+localPart+strings.Repeat("y", 5000)+"@example.com")
}

// No file of a run directory has a local part or a password, whatever the format and the rules.
func TestLocalPartsAreNotKept(t *testing.T) {
	lines := entriesWithLocalParts()
	exclude, err := newExclusions([]string{"optout.com"})
	if err != nil {
		t.Fatal(err)
	}
	var quoted []string
	for _, line := range lines {
		quoted = append(quoted, `"`+strings.ReplaceAll(line, `"`, `""`)+`",it`)
	}
	for format, text := range map[Format]string{
		FormatPlain: "a.com\n" + strings.Join(lines, "\n"),
		FormatCSV:   "email,team\na.com,it\n" + strings.Join(quoted, "\n") + "\n" + strings.Join(lines, "\n"),
	} {
		for _, strict := range []bool{false, true} {
			for _, form := range []Names{NamesAsGiven, NamesRegistered} {
				cfg := PrepareConfig{
					Dir: t.TempDir(), Lists: []List{{"-"}}, Stdin: strings.NewReader(text), Format: format, DomainColumn: "1",
					StrictNames: strict, Names: form, Exclude: exclude, Disk: quick(),
				}
				if format == FormatPlain {
					cfg.DomainColumn = ""
				}
				// A process that was killed has left the text of standard input.
				left := filepath.Join(cfg.Dir, ChunksDir, ".tmp-zip-1")
				if err := os.MkdirAll(filepath.Dir(left), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(left, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				plan, err := Prepare(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				if plan.Rejected == 0 || !strict && len(plan.Inputs[0].Taken) == 0 {
					t.Errorf("%s: %+v", format, plan.Inputs[0])
				}
				for _, name := range files(t, cfg.Dir) {
					data, err := os.ReadFile(filepath.Join(cfg.Dir, name))
					if err != nil {
						t.Fatal(err)
					}
					if i := strings.Index(string(data), localPart); i >= 0 {
						t.Errorf("%s, strict %t, %s: %s has ...%.200s", format, strict, form, name, data[max(i-100, 0):])
					}
				}
			}
		}
	}
}

// FuzzLocalPart: what is right before an at sign comes out of no entry, neither as a name nor in an error.
func FuzzLocalPart(f *testing.F) {
	for _, tt := range entryTests() {
		f.Add("", tt.in, uint8(0))
		if before, after, ok := strings.Cut(tt.in, "@"); ok {
			f.Add(before, after, uint8(0))
		}
	}
	f.Fuzz(func(t *testing.T, before, after string, form uint8) {
		at := []string{"@", "%40", "\uff20", "\ufe6b"}[form%4]
		if strings.Contains(strings.ToLower(before+" "+after), localPart) {
			return
		}
		entry := before + localPart + at + after
		for _, rules := range []Rules{{}, {StrictNames: true}, {AllowUnderscore: true, AllowSpecialUse: true}} {
			name, err := rules.Normalize(entry)
			if strings.Contains(name, localPart) || err != nil && strings.Contains(err.Error(), localPart) {
				t.Fatalf("%q: %q, %v", entry, name, err)
			}
		}
		for _, format := range []Format{FormatPlain, FormatCSV} {
			r, err := NewReader("list", strings.NewReader(entry), Layout{Format: format})
			for err == nil {
				var e Entry
				if err = r.Next(&e); err == nil && strings.Contains(shown(e.Text), localPart) && e.Reason != ReasonLineTooLong {
					t.Fatalf("%q as %s: %q", entry, format, shown(e.Text))
				}
			}
			if strings.Contains(err.Error(), localPart) {
				t.Fatalf("%q as %s: %v", entry, format, err)
			}
		}
	})
}

// Hosts are taken and counted, or refused.
func TestPrepareTakesHosts(t *testing.T) {
	list := writeList(t, "list", "example.com\nhttps://user:pw@www.example.com:8443/path\njane@example.com\n"+
		"@mail.example.net\nb.com:25\n*.c.com\nhttp://[2001:db8::1]/\nbob@optout.com\nb.com\n")
	zone := writeList(t, "zone", "*.d.com. NS x.\ne.com. NS x.\n")
	exclude, err := newExclusions([]string{"optout.com"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		strict         bool
		names          []string
		taken, reasons map[Reason]int64
	}{
		{false, []string{"1:example.com", "2:www.example.com", "4:mail.example.net", "5:b.com", "6:c.com", "11:e.com"},
			map[Reason]int64{ReasonURL: 1, ReasonMailAddress: 2, ReasonPort: 1, ReasonWildcard: 1},
			map[Reason]int64{ReasonIPLiteral: 1}},
		{true, []string{"1:example.com", "9:b.com", "11:e.com"}, nil,
			map[Reason]int64{ReasonURL: 2, ReasonMailAddress: 3, ReasonPort: 1, ReasonWildcard: 1}},
	} {
		p, err := Prepare(t.Context(), PrepareConfig{
			Dir: t.TempDir(), Lists: []List{{list}, {zone}}, StrictNames: tt.strict, Exclude: exclude, Disk: quick(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, p); !slices.Equal(got, tt.names) {
			t.Errorf("strict %t: names %q, want %q", tt.strict, got, tt.names)
		}
		in := p.Inputs[0]
		if !maps.Equal(in.Taken, tt.taken) || !maps.Equal(in.Reasons, tt.reasons) {
			t.Errorf("strict %t: taken %v, reasons %v, want %v, %v", tt.strict, in.Taken, in.Reasons, tt.taken, tt.reasons)
		}
		if in := p.Inputs[1]; len(in.Taken) != 0 || in.Reasons[ReasonWildcard] != 1 {
			t.Errorf("strict %t: the zone: %+v", tt.strict, in)
		}
	}
}

// Names that have one registered domain are duplicates. Who opted out by either name is left out.
func TestPrepareRegistered(t *testing.T) {
	list := writeList(t, "list.csv", "domain,owner\nwww.example.co.uk,a\nexample.co.uk,b\nco.uk,c\n"+
		"https://a.b.example.com/,d\nx.optout.com,e\nhost.partly.com,f\nwww.partly.com,g\nb\u00fccher.example.com,h\n"+
		"www.exact.com,i\n")
	exclude, err := newExclusions([]string{"optout.com", "=host.partly.com", "=exact.com"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := PrepareConfig{
		Dir: t.TempDir(), Lists: []List{{list}}, Names: NamesRegistered, Exclude: exclude, Disk: quick(),
	}
	p, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, p), []string{"1:example.co.uk", "4:example.com", "7:partly.com"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if want := (Counts{Entries: 9, Rejected: 1, Excluded: 3, Duplicates: 2, Names: 3, Skipped: 1}); p.Counts != want {
		t.Errorf("counts %+v, want %+v", p.Counts, want)
	}
	rejects := []RejectLine{
		{list, 4, 3, ReasonPublicSuffix, "co.uk"},
		{list, 6, 5, ReasonExcluded, "x.optout.com"},
		{list, 7, 6, ReasonExcluded, "host.partly.com"},
		{list, 10, 9, ReasonExcluded, "www.exact.com"},
	}
	if got := rejectLines(t, cfg.Dir); !slices.Equal(got, rejects) {
		t.Errorf("rejects %+v, want %+v", got, rejects)
	}
}
