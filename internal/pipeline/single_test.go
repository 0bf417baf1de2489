package pipeline

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

// A domain that is asked alone has the row that a sweep gives it, and each tells once
// how it ended.
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
		r := newSurveyor(config.withDefaults(), t.Context())
		r.last = true
		for domain, want := range map[string]string{
			"fetch-01.example.com": "lookuperror", "fetch-06.example.com": "ok", "fetch-28.example.com": "fetcherror",
		} {
			told = nil
			name := domains.Name{Domain: domain, Rank: 1}
			alone, err := Survey(t.Context(), config, name)
			if err != nil {
				t.Fatal(err)
			}
			swept, err := r.story(&name, &firstAnswer{answer: resolver.Answer{Outcome: resolver.Reply}})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range []*output.Row{alone, swept} {
				row.ObservedAt, row.CertSHA256 = time.Time{}, "" // the world makes certificates as it needs them
			}
			if differ := differing(alone, swept); len(differ) > 0 {
				t.Errorf("%s: alone and swept differ in %q", domain, differ)
			}
			if !slices.Equal(told, []string{want, want}) {
				t.Errorf("%s: told %q, want %q twice", domain, told, want)
			}
		}
	})
}
