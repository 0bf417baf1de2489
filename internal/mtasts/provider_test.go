package mtasts

import (
	"testing"

	"stsscan/internal/codes"
)

func TestReadDelegation(t *testing.T) {
	for _, tt := range []struct {
		name         string
		record, host []string
		want         Delegated
	}{
		{"plain names", nil, nil, Delegated{Class: codes.DelegationNone}},
		{"aliases at home", []string{"sts.example.com"}, []string{"web.example.com"}, Delegated{Class: codes.DelegationNone}},
		{"both to a provider", []string{"example-com._txt.mta-sts.tech"}, []string{"example-com._mta.mta-sts.tech"},
			Delegated{codes.DelegationBoth, "mta-sts.tech", "mta-sts.tech", "powerdmarc"}},
		{"the host alone", nil, []string{"example_com_mta_sts.easydmarc.pro", "mta.easydmarc.com"},
			Delegated{codes.DelegationHost, "", "easydmarc.com", "easydmarc"}},
		{"the record alone", []string{"_mta-sts.tutanota.de"}, nil, Delegated{codes.DelegationRecord, "tutanota.de", "", "tutanota"}},
		{"by way of home", []string{"1._mta-sts.example.com", "example-com._mta-sts.uriports.com"}, nil,
			Delegated{codes.DelegationRecord, "uriports.com", "", "uriports"}},
		{"to a host that the map lacks", nil, []string{"sts.hosting.example.net"}, Delegated{codes.DelegationHost, "", "example.net", ""}},
		{"what a provider has done with it", nil, []string{"user.github.io", "lb.example.net"}, Delegated{codes.DelegationHost, "", "example.net", "github-pages"}},
		{"a name that only ends alike", nil, []string{"notmailhardener.com"}, Delegated{codes.DelegationHost, "", "notmailhardener.com", ""}},
	} {
		if got := ReadDelegation("example.com", tt.record, tt.host); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// Each shape leads to its own row, and no zone is in two rows.
func TestProviders(t *testing.T) {
	seen := make(map[string]string)
	for _, p := range Providers() {
		if got := providerOf([]string{p.Shape}); got == nil || got.Label != p.Label {
			t.Errorf("%s: %s is of %+v", p.Label, p.Shape, got)
		}
		for _, zone := range p.Zones {
			if seen[zone] != "" {
				t.Errorf("%s: of %s and %s", zone, p.Label, seen[zone])
			}
			seen[zone] = p.Label
		}
	}
	if len(Providers()) < 8 || ProviderMapVersion == "" {
		t.Errorf("%d providers, version %q", len(Providers()), ProviderMapVersion)
	}
}

func TestFormerCustomer(t *testing.T) {
	for _, tt := range []struct {
		host   string
		reason codes.PolicyReason
		match  codes.MXMatch
		want   codes.Finding
	}{
		{"example-com.mta-sts.dmarcinput.com", codes.ReasonEmpty, "", codes.FindCustomerEmpty},
		{"example-com.mta-sts.dmarcinput.com", "", codes.MatchNone, ""}, // it does not freeze policies
		{"_mta-sts.tutanota.de", "", codes.MatchNone, codes.FindCustomerFrozen},
		{"_mta-sts.tutanota.de", "", codes.MatchAll, ""},
		{"_mta-sts.tutanota.de", "", codes.MatchSome, ""},
		{"_mta-sts.tutanota.de", codes.ReasonHTML, "", ""},
		{"mta-sts.example.net", codes.ReasonEmpty, "", ""},
		{"user.github.io", codes.ReasonEmpty, "", codes.FindCustomerEmpty},
	} {
		if got := FormerCustomer([]string{tt.host}, tt.reason, tt.match); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
