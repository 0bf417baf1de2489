package verify

import (
	"strings"
	"testing"

	"stsscan/internal/simnet"
)

// The truth about a list has a line for each domain, by the line that it stands in.
func TestWriteTruth(t *testing.T) {
	world, err := simnet.Generate("zones", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	for list, want := range map[string]string{
		"# a comment\n\nExample.com\n": `{"domain":"example.com","rank":3,`,
		"":                             "",
		"example.com\nnot a domain\n":  "-: line 2: ",
	} {
		var out strings.Builder
		if err := WriteTruth(t.Context(), &out, world, "-", strings.NewReader(list)); err != nil {
			out.WriteString(err.Error())
		}
		if got := out.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\n") > 1 {
			t.Errorf("%q: %s", list, got)
		}
	}
	if err := WriteTruth(t.Context(), new(strings.Builder), world, "missing", nil); err == nil {
		t.Error("a list that is missing")
	}
}
