package domains

import (
	"errors"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

func TestExclusions(t *testing.T) {
	path := writeList(t, "exclude",
		"\xef\xbb\xbf# asked by mail\nExample.com.\t# all of it\r\n=exact.net\n\nmil\n"+
			"Bücher.de\nfoo.test\nxn--7ba2c.com\n_a.b_c.com\nрф\n"+
			"192.0.2.0/24\n198.51.100.7\n203.0.113.77/25\n2001:db8::/32\n::ffff:10.1.2.3\n::ffff:10.2.0.0/112\n192.0.2.0/24")
	x, err := ReadExclusions(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"example.com": true, "a.example.com": true, "a.b.example.com": true, "notexample.com": false, "com": false, "example.com.org": false,
		"exact.net": true, "a.exact.net": false,
		"navy.mil": true, "mil": true, "mil.com": false,
		"xn--bcher-kva.de": true, "a.foo.test": true, "": false,
		"xn--7ba2c.com": true, "a._a.b_c.com": true, "b_c.com": false, "a.xn--p1ai": true,
	} {
		if got := x.Domain(name); got != want {
			t.Errorf("Domain(%q) = %t", name, got)
		}
	}
	for addr, want := range map[string]bool{
		"192.0.2.1": true, "::ffff:192.0.2.1": true, "192.0.3.1": false, "198.51.100.7": true, "198.51.100.8": false,
		"203.0.113.1": true, "203.0.113.128": false, "2001:db8::1": true, "2001:db8::1%eth0": true, "2001:db9::1": false,
		"10.1.2.3": true, "10.2.3.4": true, "10.3.0.0": false,
	} {
		if got := x.Addr(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Addr(%s) = %t", addr, got)
		}
	}
}

func TestNoExclusions(t *testing.T) {
	var x *Exclusions
	if x.Domain("example.com") || x.Addr(netip.MustParseAddr("192.0.2.1")) || x.SHA256() != "" {
		t.Error("nothing is excluded")
	}
	x, err := parseExclusions("x", strings.NewReader("# none yet\n"))
	if err != nil || x.SHA256() != "" {
		t.Errorf("a file that excludes nothing: %v", err)
	}
}

// An invalid line stops the run before its first packet.
func TestExclusionErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a.com\nnot a name\n":               `x:2: "not a name": a character that no domain name has`,
		"*x.example.com":                    `x:1: "*x.example.com": a wildcard`,
		"a.com\njane@exa mple":              `x:2: "@exa mple": a character that no domain name has`,
		"=":                                 `x:1: "=": no name`,
		"192.0.2.0/33":                      `x:1: "192.0.2.0/33": an IP address`,
		"192.0.2":                           `x:1: "192.0.2": a last label of digits`,
		"ssh://example.com":                 `x:1: "ssh://example.com": a character that no domain name has`,
		"#\n" + strings.Repeat("a", 5000):   "x:2: a line over 4 KiB",
		"a.com\n" + strings.Repeat("a", 70): `x:2: "` + strings.Repeat("a", 70) + `": a label over 63 octets, or a name over 253 once _mta-sts. is added`,
	} {
		_, err := parseExclusions("x", strings.NewReader(text))
		if err == nil || err.Error() != want {
			t.Errorf("%.30q\n got %v\nwant %s", text, err, want)
		}
	}
	if _, err := ReadExclusions(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

// The hash identifies the meaning, not the file.
func TestExclusionsSHA256(t *testing.T) {
	sum := func(text string) string {
		x, err := parseExclusions("x", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return x.SHA256()
	}
	one := sum("a.com\n=b.com\n192.0.2.0/24\n")
	many := strings.Join(strings.Fields(noise(50)), "\n")
	if first, second := sum(many), sum(many); first != second {
		t.Error("the identity changes from time to time")
	}
	if two := sum("# again\n192.0.2.7/24\n=B.com.\n\na.com\na.com\n"); two != one {
		t.Error("another order is another identity")
	}
	for _, text := range []string{"a.com\n=b.com\n", "a.com\nb.com\n192.0.2.0/24\n", "a.com\n=b.com\n192.0.2.0/25\n"} {
		if sum(text) == one {
			t.Errorf("%q has the same identity", text)
		}
	}
}
