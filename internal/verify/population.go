package verify

import (
	"fmt"
	"slices"

	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// Population is the seed and the night of the simulated Internet that a run was made with, as flags; nil: the run was
// not made with --sim, and does not know them. Where a flag is given (truth names the model) and is not that of the
// run, it is an error.
func Population(m *output.Manifest, given map[string]string) (flags map[string]string, err error) {
	sim, ok := m.Config["sim"] // demo has no such flag
	if ok && sim == "" {
		return nil, nil
	}
	if ok && sim != given["truth"] && slices.Contains(simnet.Models(), sim) {
		return nil, fmt.Errorf("the run was made with --sim %s, not %s", sim, given["truth"])
	}
	flags = make(map[string]string)
	for _, name := range []string{"seed", "night"} {
		was, ok := m.Config[name]
		if now, differs := given[name]; ok && differs && now != was {
			return nil, fmt.Errorf("the run was made with --%s %s, not %s", name, was, now)
		}
		if ok {
			flags[name] = was
		}
	}
	return flags, nil
}
