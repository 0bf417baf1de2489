package verify

import (
	"maps"
	"testing"

	"stsscan/internal/output"
)

// The population is that of the run, and no flag says otherwise.
func TestPopulation(t *testing.T) {
	config := func(sim string) map[string]string { return map[string]string{"sim": sim, "seed": "4", "night": "9"} }
	demo := map[string]string{"seed": "4"}
	of := map[string]string{"seed": "4", "night": "9"}
	for _, tt := range []struct {
		name          string
		config, given map[string]string
		want          map[string]string
		err           string
	}{
		{"no flags", config("errors"), map[string]string{"truth": "errors"}, of, ""},
		{"the same flags", config("errors"), map[string]string{"truth": "errors", "seed": "4", "night": "9"}, of, ""},
		{"another seed", config("errors"), map[string]string{"truth": "errors", "seed": "1"}, nil,
			"the run was made with --seed 4, not 1"},
		{"another night", config("errors"), map[string]string{"truth": "errors", "night": "0"}, nil,
			"the run was made with --night 9, not 0"},
		{"another model", config("errors"), map[string]string{"truth": "top"}, nil,
			"the run was made with --sim errors, not top"},
		{"a world, which may be elsewhere now", config("worlds/a"), map[string]string{"truth": "b"}, of, ""},
		{"asked over sockets", config(""), map[string]string{"truth": "errors", "seed": "7"}, nil, ""},
		{"demo", demo, map[string]string{"truth": "errors"}, demo, ""},
		{"demo with another seed", demo, map[string]string{"truth": "errors", "seed": "1"}, nil,
			"the run was made with --seed 4, not 1"},
	} {
		got, err := Population(&output.Manifest{Config: tt.config}, tt.given)
		if !maps.Equal(got, tt.want) || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}
