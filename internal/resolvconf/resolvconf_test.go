package resolvconf

import (
	"context"
	"errors"
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
		"192.0.2.1#5353":                   "192.0.2.1:5353", // as dnsmasq writes
		"192.0.2.1@5353":                   "192.0.2.1:5353", // as Unbound writes
		"2001:db8::1":                      "[2001:db8::1]:53",
		"2001:db8::1#5353":                 "[2001:db8::1]:5353",
		"[2001:db8::1]":                    "[2001:db8::1]:53",
		"[2001:db8::1]:5353":               "[2001:db8::1]:5353",
		"[2001:db8::1]#5353":               "[2001:db8::1]:5353",
		"fe80::1%eth0":                     "[fe80::1%eth0]:53",
		" 192.0.2.1 , 192.0.2.2:53":        "192.0.2.1:53 192.0.2.2:53",
		"192.0.2.1,192.0.2.1:53,192.0.2.2": "192.0.2.1:53 192.0.2.2:53", // each once
		"::ffff:192.0.2.1,192.0.2.1":       "192.0.2.1:53",
		"127.0.0.1:1,[::1]:2":              "127.0.0.1:1 [::1]:2",
		"dns.example":                      "192.0.2.53:53 [2001:db8::53]:53",
		"dns.example.:5353":                "192.0.2.53:5353 [2001:db8::53]:5353",
		"Unbound#5353":                     "192.0.2.53:5353 [2001:db8::53]:5353",
		"192.0.2.53,dns.example":           "192.0.2.53:53 [2001:db8::53]:53",
		"none.example":                     "none.example: the system does not resolve this name: no such host",
		"":                                 "a resolver is missing",
		"192.0.2.1,":                       "a resolver is missing",
		"192.0.2.1:dns":                    `resolver "192.0.2.1:dns": "dns" is no port`,
		"192.0.2.1:70000":                  `"70000" is no port`,
		"192.0.2.1:0":                      `"0" is no port`,
		"192.0.2.1:":                       `"" is no port`,
		"192.0.2.300":                      "neither an IP address nor the name of a host",
		"192.0.2":                          "neither an IP address nor the name of a host",
		"2001:db8::g":                      "neither an IP address nor the name of a host",
		"dns..example":                     "neither an IP address nor the name of a host",
		"https://dns.example":              "is no port",
		":53":                              "neither an IP address nor the name of a host",
		"#53":                              "neither an IP address nor the name of a host",
		"[":                                "neither an IP address nor the name of a host",
		"0.0.0.0":                          "not an address that can be asked",
		"::":                               "not an address that can be asked",
		"ff02::1":                          "not an address that can be asked",
		"@testdata/none":                   "no such file",
	} {
		got, err := parseAndResolve(t, text)
		check(t, text, got, err, want)
	}
}

// parseAndResolve reads a list for a system that resolves each name but none.example.
func parseAndResolve(t *testing.T, text string) ([]netip.AddrPort, error) {
	t.Helper()
	servers, err := Parse(text)
	if err != nil {
		return nil, err
	}
	addrs := []netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("2001:db8::53")}
	lookup := func(_ context.Context, _, name string) ([]netip.Addr, error) {
		if name == "none.example" {
			return nil, errors.New("no such host")
		}
		return addrs, nil
	}
	return Resolve(t.Context(), servers, lookup, func(name string, found []netip.Addr) {
		if name == "" || !slices.Equal(found, addrs) {
			t.Errorf("%s: %q has %v", text, name, found)
		}
	})
}

func TestParseFile(t *testing.T) {
	for content, want := range map[string]string{
		"192.0.2.1\n\n# a comment\n[2001:db8::1]:5353 # ours\r\n": "192.0.2.1:53 [2001:db8::1]:5353",
		"192.0.2.1#5353\n192.0.2.2#ours\n192.0.2.3 #1\n":          "192.0.2.1:5353 192.0.2.2:53 192.0.2.3:53",
		"dns.example#5353 # theirs\n":                             "192.0.2.53:5353 [2001:db8::53]:5353",
		"192.0.2.1\nno nsense\n":                                  `upstreams:2: resolver "no nsense"`,
		"# nothing\n":                                             "upstreams: no resolver in it",
		"192.0.2.1,192.0.2.2\n":                                   "upstreams:1: ",
	} {
		file := filepath.Join(t.TempDir(), "upstreams")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := parseAndResolve(t, "@"+file)
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
