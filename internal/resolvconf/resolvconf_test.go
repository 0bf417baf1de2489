package resolvconf

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{ // want: upstreams, or part of the error
		"192.0.2.1":                        "192.0.2.1:53",
		"192.0.2.1:5353":                   "192.0.2.1:5353",
		"2001:db8::1":                      "[2001:db8::1]:53",
		"[2001:db8::1]":                    "[2001:db8::1]:53",
		"[2001:db8::1]:5353":               "[2001:db8::1]:5353",
		"fe80::1%eth0":                     "[fe80::1%eth0]:53",
		" 192.0.2.1 , 192.0.2.2:53":        "192.0.2.1:53 192.0.2.2:53",
		"192.0.2.1,192.0.2.1:53,192.0.2.2": "192.0.2.1:53 192.0.2.2:53", // each once
		"127.0.0.1:1,[::1]:2":              "127.0.0.1:1 [::1]:2",
		"":                                 "an upstream is missing",
		"192.0.2.1,":                       "an upstream is missing",
		"dns.example":                      `upstream "dns.example": not an IP address`,
		"192.0.2.1:dns":                    `upstream "192.0.2.1:dns": not an IP address`,
		"192.0.2.1:70000":                  "not an IP address",
		"192.0.2.1:0":                      "not an address that can be asked",
		"0.0.0.0":                          "not an address that can be asked",
		"::":                               "not an address that can be asked",
		"ff02::1":                          "not an address that can be asked",
		"@testdata/none":                   "no such file",
	} {
		got, err := Parse(text)
		check(t, text, got, err, want)
	}
}

func TestParseFile(t *testing.T) {
	for content, want := range map[string]string{
		"192.0.2.1\n\n# a comment\n[2001:db8::1]:5353 # ours\r\n": "192.0.2.1:53 [2001:db8::1]:5353",
		"192.0.2.1\nnonsense\n":                                   `upstreams:2: upstream "nonsense"`,
		"# nothing\n":                                             "upstreams: no upstream in it",
		"192.0.2.1,192.0.2.2\n":                                   "upstreams:1: ",
	} {
		file := filepath.Join(t.TempDir(), "upstreams")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Parse("@" + file)
		check(t, content, got, err, want)
	}
}

func TestSystem(t *testing.T) {
	for content, want := range map[string]string{
		"search example.com\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions ndots:5\n": "192.0.2.1:53 [2001:db8::1]:53",
		"nameserver 192.0.2.1\nnameserver 192.0.2.1\n":                                        "192.0.2.1:53",
		"nameserver localhost\n": "not an IP address",
		"options rotate\n":       "no name server in it",
	} {
		file := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := system(file)
		check(t, content, got, err, want)
	}
	_, err := system(filepath.Join(t.TempDir(), "none"))
	check(t, "none", nil, err, "the resolvers of this system are not known")
}

func check(t *testing.T, input string, got []netip.AddrPort, err error, want string) {
	t.Helper()
	if err != nil {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %q, want %q", input, err, want)
		}
		return
	}
	var texts []string
	for _, u := range got {
		texts = append(texts, u.String())
	}
	if !slices.Equal(texts, strings.Fields(want)) {
		t.Errorf("%q: %v, want %v", input, texts, want)
	}
}
