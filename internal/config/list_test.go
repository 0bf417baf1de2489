package config

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// TestListText has values as pflag writes those of a flag.
func TestListText(t *testing.T) {
	for text, want := range map[string][]string{
		"[]":                         nil,
		"[owner,team]":               {"owner", "team"},
		`["cost, centre",[team] x]`:  {"cost, centre", "[team] x"},
		`["a ""quoted"" name",team]`: {`a "quoted" name`, "team"},
	} {
		got, err := ParseList(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.StringSlice("tags", want, "")
		if of := flags.Lookup("tags").Value.String(); ListText(want) != text || of != text {
			t.Errorf("%q are %s, and those of a flag %s; want %s", want, ListText(want), of, text)
		}
	}
	if values, err := ParseList(""); err != nil || values != nil {
		t.Errorf("nothing is %q, %v", values, err)
	}
	if _, err := ParseList(`["a]`); err == nil {
		t.Error("a quote that is not closed is no error")
	}
}
