package resolver

import (
	"fmt"
	"strings"
	"testing"

	"stsscan/internal/dnswire"
)

// A question avoids the upstream that it names, in a slot and on the slow path. The only upstream is asked all the
// same.
func TestAvoid(t *testing.T) {
	long := strings.Repeat("a", dnswire.MaxLabel) + "." + strings.Repeat("b", dnswire.MaxLabel)
	for _, label := range []string{"short", long} {
		first, second := serve(t, good, nil), serve(t, good, nil)
		r := open(t, Config{}, first, second)
		if got := r.Number(r.upstreams[1].addr); got != 2 {
			t.Fatalf("the second upstream has number %d", got)
		}
		const questions = 50
		given := 0
		err := r.Sweep(t.Context(), inBatches(func() (Question, bool) {
			given++
			return Question{Label: label, Name: fmt.Sprintf("d%d.example", given), Type: TypeTXT, Avoid: 2}, given <= questions
		}), func([]Answer) {})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := first.asked.Load(), second.asked.Load(); a < questions || b != 0 {
			t.Errorf("%.10s: the upstreams were asked %d and %d times", label, a, b)
		}
	}
	only := serve(t, good, nil)
	r := open(t, Config{}, only)
	asked := false
	err := r.Sweep(t.Context(), inBatches(func() (Question, bool) {
		first := !asked
		asked = true
		return Question{Name: "d.example", Type: TypeTXT, Avoid: 1}, first
	}), func(answers []Answer) {
		for _, a := range answers {
			if a.Err != nil {
				t.Error(a.Err)
			}
		}
	})
	if err != nil || only.asked.Load() != 1 {
		t.Errorf("the only upstream was asked %d times: %v", only.asked.Load(), err)
	}
}
