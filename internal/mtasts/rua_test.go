package mtasts

import (
	"testing"

	"stsscan/internal/codes"
)

func TestParseRUA(t *testing.T) {
	const other, mail, https = codes.RUAOther, codes.RUAMail, codes.RUAHTTPS
	for _, tt := range []struct {
		uri    string
		kind   codes.RUAKind
		domain string
		ok     bool
	}{
		{"mailto:a@example.com", mail, "example.com", true},
		{"MAILTO:a@Mail.Example.COM", mail, "example.com", true},
		{"mailto:a+b.c@example.com", mail, "example.com", true},
		{"mailto:a@example.com?subject=reports", mail, "example.com", true},
		{"mailto:?to=a@example.com", mail, "example.com", true},
		{"mailto:?subject=x&To=a@example.com", mail, "example.com", true},
		{"mailto:a@example.com?to=b@example.net", mail, "example.com", true},
		{"mailto:a@example.com%2Cb@example.net", mail, "example.com", true},
		{"mailto:a@example.com%2cb@example.com", mail, "example.com", true},
		{"mailto:%22a%40b%22@example.com", mail, "example.com", true},
		{"mailto:%C3%A4@example.com", mail, "example.com", true},
		{"mailto:a@[192.0.2.1]", mail, "", true},
		{"mailto:a@%5B192.0.2.1%5D", mail, "", true},
		{"mailto:a@[IPv6:2001:db8::1]", mail, "", true},
		{"https://r.example.net/v1?x=1#y", https, "example.net", true},
		{"https://r.example.net:8443", https, "example.net", true},
		{"https://r.example.net./v1", https, "example.net", true},
		{"https://user@r.example.net/v1", https, "example.net", true},
		{"https://[2001:db8::1]/x", https, "", true},
		{"https://[2001:db8::1]:8443/x", https, "", true},
		{"https://192.0.2.1/x", https, "", true},
		{"https://192.0.2.256/x", https, "", true}, // a name, of no registered domain
		{"https://b%C3%BCcher.example.net/x", https, "example.net", true},
		{"mailto:a@r.b%C3%BCcher.com", mail, "xn--bcher-kva.com", true},
		{"mailto:%22a%2Cb%22@example.com%2Cc@example.com", mail, "example.com", true},
		{"mailto:%22a%5C%22%2Cb%22@example.com", mail, "example.com", true},

		{"", other, "", false},
		{":::", other, "", false},
		{"a@example.com", other, "", false},
		{"http://r.example.com/", other, "", false},
		{"mailto:", mail, "", false},
		{"mailto:?subject=x", mail, "", false},
		{"mailto:?to=", mail, "", false},
		{"mailto:example.com", mail, "", false},
		{"mailto:@example.com", mail, "", false},
		{"mailto:a@", mail, "", false},
		{"mailto:a@b@example.com", mail, "", false},
		{"mailto:a..b@example.com", mail, "", false},
		{"mailto:a%20b@example.com", mail, "", false},
		{"mailto:a@example..com", mail, "", false},
		{"mailto:a@example.com%2C", mail, "", false},
		{"mailto:a@example.com%2Cb", mail, "", false},
		{"mailto:a@example.com?to=b", mail, "", false},
		{"mailto:a@[192.0.2.256]", mail, "", false},
		{"mailto:a@[192.0.2.1", mail, "", false},
		{"mailto://a@example.com", mail, "", false},
		{"mailto:a@example.com!10m", other, "", false}, // of DMARC; must be encoded here
		{"mailto:a@example.com>", other, "", false},
		{"mailto:%zz@example.com", other, "", false},
		{"mailto:ä@example.com", other, "", false},
		{"mailto: a@example.com", other, "", false},
		{"mailto:a@%E2%80%AEexample.com", mail, "", false},
		{"mailto:%22a%2Cb@example.com", mail, "", false},
		{"mailto:a@example.com#x#y", other, "", false},
		{"mailto:a@example.com?subject=[x]", other, "", false},
		{"https://a@b@r.example.net/", other, "", false},
		{"https://r.example.net/[x]", other, "", false},
		{"https://r.example.net/x#y#z", other, "", false},
		{"https:///x", https, "", false},
		{"https:r.example.net", https, "", false},
		{"https://r..example.net/", https, "", false},
		{"https://r.example.net:x/", other, "", false},
		{"https://[2001:db8::1/x", other, "", false},
		{"https://[fe80::1%25eth0]/x", https, "", false},
		{"https://r.example.net/%", other, "", false},
		{"https://r.example.net/a b", other, "", false},
	} {
		got, err := ParseRUA(tt.uri)
		if want := (RUA{tt.uri, tt.kind, tt.domain}); got != want || (err == nil) != tt.ok {
			t.Errorf("%s: %+v, %v", tt.uri, got, err)
		}
	}
}
