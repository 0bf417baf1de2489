package metrics

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What deploy/monitoring asks for is what is written.
func TestMonitoring(t *testing.T) {
	m := New()
	m.Progress(func() int { return 0 }, 0)
	m.SetRun(aRun(), time.Now())
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	labels := make(map[string][]string) // of each metric, as name="value"
	for _, f := range families {
		labels[f.GetName()] = nil
		for _, one := range f.GetMetric() {
			for _, l := range one.GetLabel() {
				labels[f.GetName()] = append(labels[f.GetName()], l.GetName()+`="`+l.GetValue()+`"`)
			}
		}
	}
	dir := filepath.Join("..", "..", "deploy", "monitoring")
	for name, least := range map[string]int{"alerts.yml": 10, "dashboard.json": 15} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		asked := regexp.MustCompile(`(stsscan_[a-z_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(
			strings.ReplaceAll(string(text), `\"`, `"`), -1)
		if len(asked) < least {
			t.Errorf("%s asks for %d metrics only", name, len(asked))
		}
		for _, a := range asked {
			written, ok := labels[a[1]]
			if !ok {
				t.Errorf("%s: there is no metric %s", name, a[1])
			}
			for _, label := range regexp.MustCompile(`([a-z]+="[^"]*")`).FindAllString(a[2], -1) {
				if !strings.Contains(strings.Join(written, " "), label) {
					t.Errorf("%s: %s has no label %s", name, a[1], label)
				}
			}
		}
		if filepath.Ext(name) == ".json" && !json.Valid(text) {
			t.Errorf("%s: no JSON", name)
		}
	}
}
