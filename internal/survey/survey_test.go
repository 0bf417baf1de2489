package survey

import (
	"testing"

	"stsscan/internal/suffixes"
)

// Surveys take the suffix list of their Config: it is large, and one is enough for a program.
func TestSuffixesAreShared(t *testing.T) {
	list := suffixes.NewList()
	if New(Config{Suffixes: list}, t.Context()).Rows.suffixes != list {
		t.Error("a surveyor has a list of its own")
	}
	if New(Config{}, t.Context()).Rows.suffixes == nil {
		t.Error("a surveyor has no list")
	}
}
