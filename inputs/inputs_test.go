package inputs_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"

	"stsscan/inputs"
	"stsscan/internal/domains"
)

// The lists are those that README.md describes, to the octet.
func TestProvenance(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mail-providers.txt", "universities.csv"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := fmt.Sprintf("`%x`", sha256.Sum256(data)); !strings.Contains(string(readme), sum) {
			t.Errorf("README.md does not know %s with SHA-256 %s", name, sum)
		}
	}
}

// The lists can be surveyed, and say what they are said to say.
func TestLists(t *testing.T) {
	tests := []struct {
		path     string
		tags     []string
		counts   domains.Counts
		name     string // one of the names, and its tags
		wantTags map[string]string
	}{
		{path: "mail-providers.txt", name: "gmail.com",
			counts: domains.Counts{Entries: 16_250, Duplicates: 1, Names: 16_249, Skipped: 1}}, // one is followed by a path
		{path: "universities.csv", tags: []string{"institution", "country_tld"}, name: "aaua.edu.ng",
			counts:   domains.Counts{Entries: 9430, Names: 9430, Skipped: 1},
			wantTags: map[string]string{"institution": "Adekunle Ajasin University, Akungba-Akoko", "country_tld": "ng"}},
	}
	for _, tt := range tests {
		p, err := domains.Prepare(t.Context(), domains.PrepareConfig{Dir: t.TempDir(),
			Lists: []domains.List{{Path: tt.path}}, Tags: tt.tags, PartSize: 1 << 19})
		if err != nil {
			t.Fatal(err)
		}
		if p.Counts != tt.counts {
			t.Errorf("%s: %+v, want %+v", tt.path, p.Counts, tt.counts)
		}
		found := false
		for n, err := range p.Chunk(0) {
			if err != nil {
				t.Fatal(err)
			}
			if n.Domain == tt.name {
				found = true
				if fmt.Sprint(n.Tags) != fmt.Sprint(tt.wantTags) {
					t.Errorf("%s: tags %v, want %v", n.Domain, n.Tags, tt.wantTags)
				}
			}
		}
		if !found {
			t.Errorf("%s: %s is not in it", tt.path, tt.name)
		}
	}
}

// What the demonstration scans is the list that is documented, and a caller cannot change it.
func TestMailProviders(t *testing.T) {
	want, err := os.ReadFile("mail-providers.txt")
	if err != nil {
		t.Fatal(err)
	}
	clear(inputs.MailProviders())
	if !bytes.Equal(inputs.MailProviders(), want) {
		t.Error("another list")
	}
}
