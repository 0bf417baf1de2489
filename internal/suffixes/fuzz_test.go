// Package suffixes_test is outside of suffixes, since package domains imports that.
package suffixes_test

import (
	"testing"

	"golang.org/x/net/publicsuffix"

	"stsscan/internal/domains"
	"stsscan/internal/suffixes"
)

// FuzzRegisteredDomain holds the registered domain of each normal name to what x/net/publicsuffix says.
func FuzzRegisteredDomain(f *testing.F) {
	for _, name := range []string{
		"example.com", "Example.COM.", "_x.example.com", "bücher.example", "xn--bcher-kva.example", "例え。テスト", "com", "localhost",
		"192.0.2.1", "[2001:db8::1]", "a..b", "-a.com", "a.1", "www.example.co.uk", "x.city.kobe.jp", "a.b.c.kobe.jp", "a.s3.cn-north-1.amazonaws.com.cn", "www.ck", "a.b.ck",
	} {
		f.Add(name)
	}
	l := suffixes.NewList()
	f.Fuzz(func(t *testing.T, text string) {
		domain, err := (domains.Rules{AllowSpecialUse: true}).Normalize(text)
		if err != nil {
			return
		}
		want, err := publicsuffix.EffectiveTLDPlusOne(domain)
		if err != nil {
			want = "" // a public suffix
		}
		if got := l.RegisteredDomain(domain); got != want {
			t.Fatalf("%s: %q, want %q", domain, got, want)
		}
	})
}
