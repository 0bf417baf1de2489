package pipeline

import (
	"testing"

	"stsscan/internal/suffixes"
)

// Runs and surveys take the suffix list of their Config: it is large, and one is enough for a program.
func TestSuffixesAreShared(t *testing.T) {
	list := suffixes.NewList()
	if newSurveyor(Config{Suffixes: list}.withDefaults(), t.Context()).rows.suffixes != list {
		t.Error("a surveyor has a list of its own")
	}
	if newSurveyor(Config{}.withDefaults(), t.Context()).rows.suffixes == nil {
		t.Error("a surveyor has no list")
	}
}
