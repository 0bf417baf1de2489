package main

import (
	"slices"
	"testing"
)

// The glossary has the words that were shown, each once, with the stage before a reason, after what every report
// speaks of.
func TestGlossary(t *testing.T) {
	shown := make(glossary)
	for _, word := range [][3]string{
		{"verdict", "broken", "published but unusable"}, {"tls", "expired", "the certificate has expired"},
		{"tls", "expired", "the certificate has expired"}, {"mode", "none", "nothing"}, {"finding", "plain", ""},
	} {
		shown.add(word[0], word[1], word[2])
	}
	want := append(terms(), term{"broken", "published but unusable"}, term{"mode none", "nothing"},
		term{"tls: expired", "the certificate has expired"})
	if got := shown.list(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
