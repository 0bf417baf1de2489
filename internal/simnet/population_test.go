package simnet

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// testName is one of as many names as wanted.
func testName(i int) string {
	return fmt.Sprintf("name%d.%s", i, [...]string{"com", "net", "org", "se", "ch", "co.uk", "example"}[i%7])
}

func testPopulation(t testing.TB, model string, night int) *population {
	t.Helper()
	src, err := newPopulation(model, 1, night)
	if err != nil {
		t.Fatal(err)
	}
	return src.(*population)
}

func TestNewPopulationRefuses(t *testing.T) {
	for _, test := range []struct {
		model string
		night int
		want  string
	}{
		{"zone", 0, `no model "zone": there are zones, top, errors, soak`},
		{"", 0, `no model "": there are zones, top, errors, soak`},
		{"top", -1, "no night -1: the first is 0"},
	} {
		if _, err := newPopulation(test.model, 1, test.night); err == nil || err.Error() != test.want {
			t.Errorf("newPopulation(%q, 1, %d): %v, want %s", test.model, test.night, err, test.want)
		}
	}
}

// everything is all that a population says about a domain.
type everything struct {
	Truth Truth
	Known bool
	Steps map[string][]string
	Site  site
}

func tell(p *population, domain string) everything {
	e := everything{Steps: map[string][]string{}}
	e.Truth, e.Known = p.truth(domain, 1)
	for _, name := range []string{domain, recordLabel + domain, hostLabel + domain} {
		for _, qtype := range []uint16{dns.TypeTXT, dns.TypeA, dns.TypeAAAA, dns.TypeMX} {
			st := p.step(name, qtype)
			key := fmt.Sprint(name, dns.TypeToString[qtype], st.rcode, st.zone, st.fault, st.ede)
			for _, rr := range st.rrs {
				e.Steps[key] = append(e.Steps[key], rr.String())
			}
		}
	}
	e.Site = p.site(hostLabel + domain)
	return e
}

// TestPopulationIsPure asks two populations alike, one of them from many goroutines and in another order.
func TestPopulationIsPure(t *testing.T) {
	const n = 150
	for _, model := range Models() {
		one, other := testPopulation(t, model, 3), testPopulation(t, model, 3)
		var all [n]everything
		for i := range n {
			all[i] = tell(one, testName(i))
		}
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				for i := range n {
					i = (n - i + worker*7) % n
					if got := tell(other, testName(i)); !reflect.DeepEqual(got, all[i]) {
						t.Errorf("%s: %s: %+v, then %+v", model, testName(i), all[i], got)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestSeedsAndModelsDiffer: another seed is another world.
func TestSeedsAndModelsDiffer(t *testing.T) {
	a := testPopulation(t, modelErrors, 0)
	src, err := newPopulation(modelErrors, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := src.(*population)
	same := 0
	const n = 1000
	for i := range n {
		x, _ := a.truth(testName(i), 0)
		y, _ := b.truth(testName(i), 0)
		if x.Class == y.Class {
			same++
		}
	}
	if same > n/4 {
		t.Errorf("%d of %d domains have the same story under two seeds", same, n)
	}
}

// FuzzPopulationStep asks for the oddest names: every name has an answer that can be packed, and a site.
func FuzzPopulationStep(f *testing.F) {
	for _, name := range []string{
		"", ".", "..", "com", "_mta-sts.", "_mta-sts", "mta-sts.", "_mta-sts._mta-sts.com", "1._mta-sts.a.com", "99.mta-sts.a.com",
		"-._mta-sts.dmarcinput.com", "a--com.mta-sts.dmarcinput.com", "_mta-sts.tutanota.de", "__mta_sts.easydmarc.pro",
		"_mta-sts.a.com._mta-sts.smart.ondmarc.com", "*.ck", "a.b.ck", "www.ck", "x.github.io", "\xff.com", "a..b", "1.2.3.4",
	} {
		f.Add(name, uint16(dns.TypeTXT))
		f.Add(name, uint16(dns.TypeAAAA))
	}
	f.Add(`\0\`, uint16(dns.TypeHTTPS))
	var ps []*population
	for _, model := range Models() {
		ps = append(ps, testPopulation(f, model, 1))
	}
	f.Fuzz(func(t *testing.T, name string, qtype uint16) {
		if len(name) > 300 {
			return
		}
		for _, p := range ps {
			st := p.step(name, qtype)
			if _, valid := dns.IsDomainName(name); valid && name == plainName(name) {
				m := new(dns.Msg)
				m.SetQuestion(dns.Fqdn(name), qtype)
				if _, err := m.Pack(); err != nil {
					return // a name with a bad escape: it cannot be asked for
				}
				m.Answer = st.rrs
				if _, err := m.Pack(); err != nil {
					t.Errorf("%s: %q: %v", p.model, name, err)
				}
			}
			p.site(name)
			p.truth(name, 0)
		}
	})
}

func BenchmarkStep(b *testing.B) {
	names := make([]string, 4096)
	for i := range names {
		names[i] = recordLabel + testName(i)
	}
	for _, model := range Models() {
		b.Run(model, func(b *testing.B) {
			p := testPopulation(b, model, 0)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.step(names[i%len(names)], dns.TypeTXT)
			}
		})
	}
}

func BenchmarkTruth(b *testing.B) {
	for _, model := range Models() {
		b.Run(model, func(b *testing.B) {
			p := testPopulation(b, model, 0)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.truth("name"+fmt.Sprint(i%4096)+".com", 0)
			}
		})
	}
}
