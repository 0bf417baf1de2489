package main

import (
	"strings"
	"testing"
)

// Each round has its own bounds.
func TestBounds(t *testing.T) {
	scan := func(scenario, client string, round int, wall float64, silent int) sample {
		return sample{Scenario: scenario, Client: client, Round: round, Names: 1000, Wall: wall, CPU: 1, PeakMiB: 64,
			Silent: silent}
	}
	for name, c := range map[string]struct {
		samples []sample
		want    []string
		hold    bool
	}{
		"healthy names take longer": {
			[]sample{scan("top", "healthy", 1, 16, 0), scan("top", "whole", 1, 49, 3000)},
			[]string{
				"| 1 | 1.25 x max(healthy list 16.0 s, 3000 silent x 30 s / 10000 = 9.0 s) + 30 s | 50.0 | 49.0 | holds |",
			}, true,
		},
		"silent names take longer": {
			[]sample{scan("top", "healthy", 1, 16, 0), scan("top", "whole", 1, 80, 10000)},
			[]string{"| 67.5 | 80.0 | exceeded |", "| whole | 1000 | 10000 | 1 | 80.0 [80.0..80.0] | 1.0 [1.0..1.0] |"}, false,
		},
		"one round of two": {
			[]sample{
				scan("zones", "healthy", 1, 16, 0), scan("zones", "whole", 1, 49, 0), scan("zones", "before-floor", 1, 80, 0),
				scan("zones", "healthy", 2, 16, 0), scan("zones", "whole", 2, 49, 0), scan("zones", "before-floor", 2, 48, 0),
			},
			[]string{"| 1 | before, --in-flight-floor 4000 | 80.0 | 49.0 | holds |",
				"| 2 | before, --in-flight-floor 4000 | 48.0 | 49.0 | exceeded |"},
			false,
		},
		"a third": {
			[]sample{scan("errors", "whole", 1, 138, 9), scan("errors", "before-whole", 1, 414, 9)},
			[]string{"| 1 | a third of before, 414.0 s | 138.0 | 138.0 | holds |"}, true,
		},
		"portfolio": {[]sample{scan("portfolio", "whole", 1, 35.1, 1)},
			[]string{"| 1 | 35 s | 35.0 | 35.1 | exceeded |"}, false},
		"no bounds": {[]sample{scan("errors", "whole", 1, 138, 9)},
			[]string{"| 1 | none: the older program was not measured | - | 138.0 | - |"}, true},
		"the whole list failed": {[]sample{scan("zones", "healthy", 1, 16, 0)},
			[]string{"| 1 | the whole list | - | - | failed |"}, false},
	} {
		text, hold := boundTables(c.samples)
		if hold != c.hold {
			t.Errorf("%s: all hold: %v\n%s", name, hold, text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}
}
