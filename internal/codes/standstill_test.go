package codes

import (
	"os"
	"strings"
	"testing"
)

// Each cause has one line in the page about them.
func TestStandstillsAreDocumented(t *testing.T) {
	const path = "../../docs/throughput.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range Standstills() {
		if n := strings.Count(string(page), "\n| `"+string(why)+"` | "); n != 1 {
			t.Errorf("%s has %d lines for %s", path, n, why)
		}
	}
}
