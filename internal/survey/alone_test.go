package survey

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
)

// A domain that is asked alone has the row that a sweep gives it, and each tells once how it ended.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Open(fetchWorld)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := inWorld(t, world)
		var told []string
		config.Client.Observe = func(result string, d time.Duration) { told = append(told, result) }
		config.LastTry = true
		r := New(config, t.Context())
		for domain, want := range map[string]string{
			"fetch-01.example.com": "lookuperror", "fetch-06.example.com": "ok", "fetch-28.example.com": "fetcherror",
		} {
			told = nil
			name := domains.Name{Domain: domain, Rank: 1}
			alone, err := Domain(t.Context(), config, name)
			if err != nil {
				t.Fatal(err)
			}
			first := &FirstAnswer{Answer: resolver.Answer{Outcome: resolver.Reply}}
			swept, err := r.Survey(&name, new(Previous), first, func(*output.Row) (bool, error) { return true, nil })
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range []*output.Row{alone, swept.Row} {
				row.ObservedAt, row.CertSHA256 = time.Time{}, "" // the world makes certificates as it needs them
			}
			if differ := differing(alone, swept.Row); len(differ) > 0 {
				t.Errorf("%s: alone and swept differ in %q", domain, differ)
			}
			if !slices.Equal(told, []string{want, want}) {
				t.Errorf("%s: told %q, want %q twice", domain, told, want)
			}
		}
	})
}
