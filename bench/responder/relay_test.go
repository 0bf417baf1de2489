package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
)

// Answers of the other server come back under the client's id.
func TestRelay(t *testing.T) {
	other, endOther := start(t, options{shares: shares{positive: 1}})
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("domain-7.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr, end := start(t, options{relay: other, relayed: list})
	for name, want := range map[string]int{"_mta-sts.Domain-7.example.": 1, "_mta-sts.domain-8.example.": 0} {
		r, _, err := new(dns.Client).Exchange(new(dns.Msg).SetQuestion(name, dns.TypeTXT), addr)
		if err != nil || len(r.Answer) != want {
			t.Errorf("%s: %v, %v, want %d answers", name, r, err, want)
		}
	}
	host := new(dns.Msg).SetQuestion("mta-sts.domain-7.example.", dns.TypeA)
	if _, _, err := new(dns.Client).Exchange(host, addr); err != nil {
		t.Error(err)
	}
	if c := end(); c.Relayed != 2 || c.Answered != 1 {
		t.Errorf("counted %+v, want 2 relayed", c)
	}
	if c := endOther(); c.Questions != 2 || c.Positive != 1 {
		t.Errorf("the other server counted %+v", c)
	}
}
