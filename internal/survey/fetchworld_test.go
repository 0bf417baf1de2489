package survey

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"stsscan/internal/codes"
	"stsscan/internal/simnet"
	"stsscan/internal/verify"
)

// Each situation of the fetch world, and of that of old and weak servers, ends in the row that its truth line
// states. Time is simulated, so a hang of a minute costs nothing.
func TestFetchWorld(t *testing.T) {
	for _, path := range []string{fetchWorld, tlsWorld} {
		t.Run(filepath.Base(path), func(t *testing.T) { testFetchWorld(t, path) })
	}
}

func testFetchWorld(t *testing.T, path string) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := inWorld(t, world)
		for _, domain := range world.Domains() {
			truth, ok := world.Truth(domain, 0)
			if !ok {
				t.Errorf("%s: the world states no truth", domain)
				continue
			}
			row := surveyed(t, config, domain)
			for _, difference := range verify.CompareTruth(row, truth) {
				t.Errorf("%s: %s", domain, difference)
			}
		}
	})
}

// Each host of the slow world ends as its truth line states, where it is looked up.
func TestSlowWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Open("../simnet/testdata/slow.txtar")
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config := inWorld(t, world)
		for _, domain := range world.Domains() {
			truth, _ := world.Truth(domain, 0)
			for _, difference := range verify.CompareTruth(surveyed(t, config, domain), truth) {
				t.Errorf("%s: %s", domain, difference)
			}
		}
	})
}

// A folder of conformance cases may stand beside the checkout: then the sentinel of each of its situations must be
// that of the fetch world's domains of that name.
func TestFetchConformance(t *testing.T) {
	dir := os.Getenv("STSSCAN_CONFORMANCE")
	if dir == "" {
		t.Skip("STSSCAN_CONFORMANCE names no folder")
	}
	file, err := os.Open(filepath.Join(dir, "fetch.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	world, err := simnet.Open(fetchWorld)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	lines := bufio.NewScanner(file)
	cases := 0
	for lines.Scan() {
		var c struct{ Name, Expected string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		want := codes.Sentinel(c.Expected)
		if c.Expected == "ok" {
			want = ""
		}
		found := false
		for _, domain := range world.Domains() {
			label, _, _ := strings.Cut(domain, ".")
			if label != c.Name && !strings.HasPrefix(label, c.Name+"-") {
				continue
			}
			found = true
			if truth, ok := world.Truth(domain, 0); !ok || truth.Error != want {
				t.Errorf("%s: %s states %q, want %q", c.Name, domain, truth.Error, want)
			}
		}
		if !found {
			t.Errorf("%s: no domain of the fetch world plays it", c.Name)
		}
		cases++
	}
	if err := lines.Err(); err != nil || cases == 0 {
		t.Fatalf("%d cases: %v", cases, err)
	}
}
