package output

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// What processes did is added up: times and rows are summed, of the peaks and of the
// most connections the larger one counts, and the limit is that of the last process.
func TestPerformanceAdd(t *testing.T) {
	const window, source = codes.StandstillWindow, codes.StandstillSource
	before := &Performance{
		Rows: 100, AskingSeconds: 10, RowsPerSecond: 10, PeakPerSecond: 30, TailSeconds: 2, BetweenSeconds: 300,
		Standstill:  map[codes.Standstill]float64{window: 1, source: 0.5},
		Connections: ConnectionsInUse{Limit: 256, Most: 17, WaitedSeconds: 1.5},
	}
	now := func() *Performance {
		return &Performance{
			Rows: 50, AskingSeconds: 20, PeakPerSecond: 20, TailSeconds: 1, BetweenSeconds: 10,
			Standstill:  map[codes.Standstill]float64{window: 2, codes.StandstillDisk: 3},
			Connections: ConnectionsInUse{Limit: 100, Most: 5, WaitedSeconds: 1},
		}
	}
	alone := now()
	alone.RowsPerSecond = 2.5
	together := &Performance{
		Rows: 150, AskingSeconds: 30, RowsPerSecond: 5, PeakPerSecond: 30, TailSeconds: 3, BetweenSeconds: 310,
		Standstill:  map[codes.Standstill]float64{window: 3, source: 0.5, codes.StandstillDisk: 3},
		Connections: ConnectionsInUse{Limit: 100, Most: 17, WaitedSeconds: 2.5},
	}
	for _, tt := range []struct {
		name              string
		now, before, want *Performance
	}{
		{"the first process", now(), nil, alone},
		{"the second one", now(), before, together},
		{"one that asked nothing", &Performance{Connections: ConnectionsInUse{Limit: 256}}, before, before},
		{"nothing at all", &Performance{}, nil, &Performance{}},
	} {
		if tt.now.Add(tt.before); !reflect.DeepEqual(tt.now, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, tt.now, tt.want)
		}
	}
	if before.Standstill[window] != 1 {
		t.Error("what was before has changed")
	}
}

// Each key is explained in the page about them.
func TestPerformanceIsDocumented(t *testing.T) {
	const path = "../../docs/throughput.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{Performance{}, ConnectionsInUse{}} {
		for field := range reflect.TypeOf(of).Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !strings.Contains(string(page), "`"+key+"`") {
				t.Errorf("%s: nothing about %s", path, key)
			}
		}
	}
}
