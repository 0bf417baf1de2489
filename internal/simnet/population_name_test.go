package simnet

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

func TestParseName(t *testing.T) {
	p := testPopulation(t, modelTop, 0)
	for _, test := range []struct {
		name   string
		role   role
		domain string
	}{
		{"a.com", roleDomain, "a.com"},
		{"_mta-sts.a.com", roleRecord, "a.com"},
		{"mta-sts.a.com", roleHost, "a.com"},
		{"3._mta-sts.a.com", roleRecord, "a.com"},
		{"18.mta-sts.a.com", roleHost, "a.com"},
		{"x._mta-sts.a.com", roleDomain, "x._mta-sts.a.com"},     // a hop is a number
		{"_mta-sts.mta-sts.a.com", roleRecord, "mta-sts.a.com"},  // the host as a Policy Domain
		{"mta-sts.mta-sts.a.com", roleHost, "mta-sts.a.com"},     // and its host
		{"_mta-sts.tutanota.de", roleRecord, "tutanota.de"},      // shared by customers: its owner's name
		{"a-com.mta-sts.dmarcinput.com", roleHost, "a.com"},      // the published shapes
		{"a-com._mta.mta-sts.tech", roleHost, "a.com"},           //
		{"a_com__mta_sts.easydmarc.pro", roleHost, "a.com"},      //
		{"a.com._mta-sts.mailhardener.com", roleRecord, "a.com"}, //
		{"a-com._mta-sts.uriports.com", roleHost, "a.com"},       //
		{"a.com._mta-sts.sdmarc.net", roleHost, "a.com"},         //
		{"_mta-sts.a.com._mta-sts.smart.ondmarc.com", roleRecord, "a.com"},
		{"a--b-co-uk.mta-sts.dmarcinput.com", roleHost, "a-b.co.uk"}, // a hyphen is doubled
		{"a.b.mta-sts.dmarcinput.com", roleDomain, "a.b.mta-sts.dmarcinput.com"},
		{"mta-sts.dmarcinput.com", roleHost, "dmarcinput.com"},
	} {
		if role, domain := p.parseName(test.name); role != test.role || domain != test.domain {
			t.Errorf("parseName(%q) = %d %q, want %d %q", test.name, role, domain, test.role, test.domain)
		}
	}
}

// TestTargets: what an operator makes of a domain is read back, and each answers a direct question as it
// answers one through the alias.
func TestTargets(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	long := strings.Repeat("a-b.", 30) + "com"
	for _, domain := range []string{"a.com", "a-b.co.uk", "xn--bcher-kva.example", "a--b.c--d.e.net", "x_y.org", "7.com",
		long, strings.Repeat("a", 63) + ".com"} {
		for _, o := range p.operators {
			for _, role := range []role{roleRecord, roleHost} {
				shape := o.shape(role)
				target, ok := shape.target(domain)
				if !ok {
					continue // too long for one label; the domain does not become its customer
				}
				if _, valid := dns.IsDomainName(target); !valid || len(target) > maxName {
					t.Errorf("%s: %s: target %q", o.name, domain, target)
				}
				if shape.dot == 0 {
					continue // shared
				}
				if gotRole, got := p.parseName(target); gotRole != role || got != domain {
					t.Errorf("%s: %q is read as %d %q, want %d %q", o.name, target, gotRole, got, role, domain)
				}
			}
		}
	}
}

func TestAliasesAnswerDirectly(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	customers, others := 0, 0
	for i := range 2000 {
		f := p.fateOf(testName(i))
		for _, role := range []role{roleRecord, roleHost} {
			name := role.label() + f.domain
			targets := p.aliases(&f, role)
			if f.story.recordAlias == aliasLoop || f.story.hostAlias == aliasLoop {
				continue
			}
			for _, target := range targets {
				st := p.step(name, dns.TypeTXT)
				if len(st.rrs) != 1 || st.rrs[0].(*dns.CNAME).Target != target+"." {
					t.Errorf("%s: %+v, want an alias to %s", name, st, target)
				}
				name = target
			}
			if st := p.step(name, dns.TypeTXT); len(st.rrs) > 0 && st.rrs[0].Header().Rrtype == dns.TypeCNAME {
				t.Errorf("%s: one alias more than %v", name, targets)
			}
			customers += btoi(len(targets) > 0)
		}
		for _, o := range p.operators {
			target, ok := o.record.target(f.domain)
			if !ok || o.record.dot == 0 || f.operator != nil && f.operator.name == o.name {
				continue
			}
			if st := p.step(target, dns.TypeTXT); st.rcode != dns.RcodeNameError || st.zone != o.zone {
				t.Errorf("%s is no customer of %s, and yet %s: %+v", f.domain, o.name, target, st)
			}
			others++
		}
	}
	if customers == 0 || others == 0 {
		t.Errorf("%d customers and %d others", customers, others)
	}
}

func TestRegisteredDomain(t *testing.T) {
	for _, test := range []struct{ domain, registered, suffix string }{
		{"a.com", "a.com", "com"},
		{"b.a.com", "a.com", "com"},
		{"a.co.uk", "a.co.uk", "co.uk"},
		{"co.uk", "co.uk", "co.uk"},        // a public suffix is its own zone
		{"com", "com", "com"},              //
		{"x.github.io", "github.io", "io"}, // a private suffix is a name like any other
		{"github.io", "github.io", "io"},   //
		{"a.b.compute.amazonaws.com", "amazonaws.com", "com"},
		{"a.unheard-of", "a.unheard-of", "unheard-of"}, // the list's default rule
		{"a.b.ck", "a.b.ck", "b.ck"},                   // *.ck
		{"www.ck", "www.ck", "ck"},                     // !www.ck
		{"agency.gov", "agency.gov", "gov"},            //
	} {
		registered, suffix := registeredDomain(test.domain)
		if registered != test.registered || suffix != test.suffix {
			t.Errorf("registeredDomain(%q) = %q %q, want %q %q", test.domain, registered, suffix, test.registered, test.suffix)
		}
	}
}

// TestNegativeReasons: what the DNS says of names below suffixes of every kind is what package mtasts makes of
// it.
func TestNegativeReasons(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	w := testWorld(t, p)
	seen := map[codes.RecordReason]int{}
	for i := range 1500 {
		base := strings.Split(testName(i), ".")[0]
		for _, domain := range []string{base + ".github.io", "shop." + testName(i), base + ".b.ck", base + ".unheard-of",
			"a.b." + base + ".co.uk"} {
			truth, _ := p.truth(domain, 0)
			if truth.Record != codes.RecordAbsent {
				continue
			}
			lookup, _ := mtasts.LookupRecord(t.Context(), w, domain)
			if lookup.Class != truth.Record || lookup.Reason != truth.RecordReason {
				t.Errorf("%s: %s %s, truth %s %s (%s)", domain, lookup.Class, lookup.Reason, truth.Record, truth.RecordReason,
					truth.Class)
			}
			seen[truth.RecordReason]++
		}
	}
	for _, reason := range []codes.RecordReason{codes.RecordNoDomain, codes.RecordNXDomain, codes.RecordNoData} {
		if seen[reason] == 0 {
			t.Errorf("no %s", reason)
		}
	}
}

// TestOperatorsExist: a domain that others need is never gone.
func TestOperatorsExist(t *testing.T) {
	for seed := range uint64(100) {
		src, err := newPopulation(modelErrors, seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		p := src.(*population)
		for _, zone := range p.existing {
			if truth, _ := p.truth(zone, 0); truth.RecordReason == codes.RecordNoDomain {
				t.Errorf("seed %d: %s does not exist", seed, zone)
			}
		}
		for _, zone := range p.sharedZones {
			if truth, _ := p.truth(zone, 0); truth.Policy != codes.PolicyValid {
				t.Errorf("seed %d: %s has customers and no policy: %+v", seed, zone, truth)
			}
		}
	}
	if p := testPopulation(t, modelZones, 0); !slices.Contains(p.existing, "google.com") ||
		!slices.Contains(p.existing, "mta-sts.tech") {
		t.Errorf("existing: %v", p.existing)
	}
}

// TestTruthKnowsItsLimits: a name whose record would be that of another Policy Domain has no truth.
func TestTruthKnowsItsLimits(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	for domain, want := range map[string]bool{
		"a.com":                           true,
		"mta-sts.a.com":                   true,
		"a.com._mta-sts.mailhardener.com": false,
		"dmarcinput.com":                  true,
	} {
		if _, ok := p.truth(domain, 0); ok != want {
			t.Errorf("truth about %s: %v, want %v", domain, ok, want)
		}
	}
}

// TestStrangeNamesHaveNoRecord: no policy could list the hosts of a domain that is no host name, or whose
// aliases would be too long.
func TestStrangeNamesHaveNoRecord(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	for i := range 1000 {
		base := testName(i)
		for _, domain := range []string{"a_b." + base, "-a." + base, "a-." + base, strings.Repeat("a.", 100) + base,
			"A." + base} {
			if f := p.fateOf(domain); f.bears {
				t.Errorf("%s has a record", domain)
			}
		}
	}
}

// TestLongNames: no alias of a name of the greatest length is longer than a name may be.
func TestLongNames(t *testing.T) {
	for _, model := range Models() {
		p := testPopulation(t, model, 0)
		for i := range 2000 {
			base := testName(i)
			domain := strings.Repeat("a", 57) + "." + strings.Repeat(strings.Repeat("b", 40)+".", 5) + base
			domain = domain[max(0, len(domain)-(maxName-len(recordLabel))):]
			for name, hops := recordLabel+domain, 0; name != "" && hops < 30; hops++ {
				if _, ok := dns.IsDomainName(name); !ok {
					t.Fatalf("%s: %s leads to %s", model, domain, name)
				}
				st := p.step(name, dns.TypeTXT)
				name = ""
				if len(st.rrs) > 0 {
					if alias, ok := st.rrs[0].(*dns.CNAME); ok {
						name = plainName(alias.Target)
					}
				}
			}
		}
	}
}

// Zones delegate names with underscores: what their mail is agrees with the truth, too.
func TestUnderscoreNames(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	w := testWorld(t, p)
	for i := range 100 {
		for _, domain := range []string{fmt.Sprintf("_d%d.a_%d.net", i, i), fmt.Sprintf("d_%d.net", i)} {
			truth, ok := p.truth(domain, 0)
			if !ok {
				t.Fatalf("no truth about %s", domain)
			}
			mx, err := mtasts.LookupMX(t.Context(), w, domain)
			if err != nil || mx.Kind != truth.MXKind {
				t.Errorf("%s: mail %s, %v; want %s", domain, mx.Kind, err, truth.MXKind)
			}
		}
	}
}
