package domains

import "testing"

func TestURLHost(t *testing.T) {
	for in, want := range map[string]string{
		"https://www.example.com":             "www.example.com", // an origin, as of the Chrome UX Report
		"http://example.com/":                 "example.com",
		"HTTPS://WWW.Example.COM/Path?q#f":    "WWW.Example.COM",
		"https://example.com:8443/":           "example.com",
		"https://example.com:":                "example.com",
		"https://example.com?a=b@c":           "example.com",
		"https://example.com#/":               "example.com",
		"https://user:a@b@example.com:1/x@y":  "example.com",
		"https://b\u00fccher.example/":        "b\u00fccher.example",
		"https://example.com./":               "example.com.",
		"https://192.0.2.1:80/":               "192.0.2.1",
		"https://[2001:db8::1]":               "[2001:db8::1]",
		"https://[2001:db8::1]:443/":          "[2001:db8::1]",
		"https://example.com:port/":           "example.com:port", // no port: for Normalize to refuse
		"https://exa mple.com":                "exa mple.com",
		"https://a.com\\b.com/":               "a.com\\b.com",
		"https://":                            "",
		"https:///path":                       "",
		"https://user@":                       "",
		"https://:443":                        "",
		"https:/example.com":                  "",
		"//example.com":                       "",
		"ftp://example.com":                   "",
		"xhttps://example.com":                "",
		"chrome-extension://example.com/":     "",
		"mailto:postmaster@example.com":       "",
		"example.com/https://www.example.com": "",
		"":                                    "",
	} {
		if host, ok := urlHost([]byte(in)); string(host) != want && ok || ok != (want != "") {
			t.Errorf("host of %q: %q, %t, want %q", in, host, ok, want)
		}
	}
}
