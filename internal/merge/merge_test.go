package merge

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// shard is the manifest of a shard of two that has two parts.
func shard(index int) *output.Manifest {
	at := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(index) * time.Hour)
	rows := int64(10 * (index + 1))
	m := &output.Manifest{
		Run: "night", Version: "v1", Status: output.StatusComplete, StartedAt: at, EndedAt: new(at.Add(time.Minute)),
		Shard:  &output.Shard{Index: index, Of: 2},
		Config: map[string]string{"passes": fmt.Sprint(3 - index), "shard": fmt.Sprintf("%d/2", index), "mx": "record"},
		Roots:  output.Roots{Source: "bundle", Date: "2026-10-30"}, Surveys: 100 * (index + 1), Contact: "a@example.org",
		Resolvers:   []output.Resolver{{Addr: "192.0.2.53:53", Asked: rows}},
		Connections: []output.Connections{{Port: 443, Family: "IPv4", Made: 5, Last: new(at), OutOfReach: index}},
		Performance: &output.Performance{
			Rows: rows, AskingSeconds: 2, RowsPerSecond: float64(rows) / 2, PeakPerSecond: float64(rows), TailSeconds: 1,
			Standstill:  map[codes.Standstill]float64{codes.StandstillWindow: 0.5},
			Connections: output.ConnectionsInUse{Limit: 8, Most: index + 1, WaitedSeconds: 1},
		},
		Plan: output.Plan{SHA256: "aa", PartSize: 64, Parts: 4}, Exclusions: "cc",
		ExclusionVersions: []output.ExclusionVersion{{SHA256: "cc", Entries: 1, FirstSeen: at}},
		ExcludedLate:      1, Damaged: []string{fmt.Sprintf("of shard %d", index)},
		Manners: output.Manners{Waited: 1, PutOff: 2, Held: 3},
		Counts:  output.Counts{Rows: rows, Record: map[codes.Record]int64{codes.RecordAbsent: rows}},
		Trust: &output.Trust{
			Preflight:     []output.PreflightCheck{{Resolver: "192.0.2.53:53", Check: "answers", OK: true}},
			Canaries:      []string{"example.com"},
			Events:        []output.TrustEvent{{At: at.Add(-time.Duration(2*index) * time.Hour), Event: "stopped"}},
			PausedSeconds: 1, Discarded: 1,
			CrossCheck: &output.CrossCheck{
				Resolvers: []string{"192.0.2.54:53"}, Share: 0.5,
				Negatives: output.CrossCount{Checked: 3, Agree: 2, Disagree: 1}, Kinds: map[output.CrossDifference]int64{"found": 1},
				EndedAt: at, File: fmt.Sprintf("crosscheck-%d-of-2.jsonl", index), Listed: 1, SHA256: "dd",
			},
		},
	}
	for k := index; k < 4; k += 2 {
		m.Parts = append(m.Parts, output.PartInfo{Part: k, Name: output.PartName(k)})
	}
	return m
}

// Each figure of the run is the sum of those of its shards, or what holds for all of them.
func TestManifests(t *testing.T) {
	first, second := shard(0), shard(1)
	kept := []*output.Manifest{shard(0), shard(1)}
	hashes := []output.ManifestHash{{Name: "run-0-of-2.json", SHA256: "00"}, {Name: "run-1-of-2.json", SHA256: "11"}}
	m := Manifests([]*output.Manifest{first, second}, hashes)
	if !reflect.DeepEqual([]*output.Manifest{first, second}, kept) {
		t.Error("a manifest of a shard has changed")
	}
	at := first.StartedAt
	want := shard(0)
	want.SchemaVersion, want.Shard, want.EndedAt, want.Surveys = output.SchemaVersion, nil, second.EndedAt, 200
	want.Config = map[string]string{"passes": "2", "mx": "record"}
	want.Merged = &output.Merged{Shards: 2, Manifests: hashes, Differs: []string{"--passes: 3 (shard 0), 2 (shard 1)"}}
	want.Resolvers = []output.Resolver{{Addr: "192.0.2.53:53", Asked: 10}, {Addr: "192.0.2.53:53", Asked: 20}}
	want.Connections = []output.Connections{{Port: 443, Family: "IPv4", Made: 10, Last: &second.StartedAt, OutOfReach: 1}}
	want.Performance = &output.Performance{
		Rows: 30, AskingSeconds: 4, RowsPerSecond: 7.5, PeakPerSecond: 20, TailSeconds: 2,
		Standstill:  map[codes.Standstill]float64{codes.StandstillWindow: 1},
		Connections: output.ConnectionsInUse{Limit: 8, Most: 2, WaitedSeconds: 2},
	}
	want.ExcludedLate, want.Damaged = 2, []string{"of shard 0", "of shard 1"}
	want.Manners = output.Manners{Waited: 2, PutOff: 4, Held: 6}
	want.Counts = output.Counts{Rows: 30, Record: map[codes.Record]int64{codes.RecordAbsent: 30}}
	want.Adoption = output.Adoption{Domains: 30}
	want.Trust.Events = []output.TrustEvent{
		{At: at.Add(-time.Hour), Event: "stopped"}, {At: at, Event: "stopped"},
	}
	want.Trust.PausedSeconds, want.Trust.Discarded = 2, 2
	want.Trust.CrossCheck = &output.CrossCheck{
		Resolvers: []string{"192.0.2.54:53"}, Share: 0.5, Negatives: output.CrossCount{Checked: 6, Agree: 4, Disagree: 2},
		Kinds: map[output.CrossDifference]int64{"found": 2}, EndedAt: second.StartedAt, Listed: 2,
	}
	want.Parts = nil
	for k := range 4 {
		want.Parts = append(want.Parts, output.PartInfo{Part: k, Name: output.PartName(k)})
	}
	got, wanted := reflect.ValueOf(*m), reflect.ValueOf(*want)
	for i := range got.NumField() {
		if a, b := got.Field(i).Interface(), wanted.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s is %+v, want %+v", got.Type().Field(i).Name, a, b)
		}
	}
}

// A run may be suspect where none of its shards is, and the other way round.
func TestDoubtsOfAll(t *testing.T) {
	for _, tt := range []struct {
		unknown [2]int64 // of 10 and 1,000 rows
		want    output.Status
	}{
		{[2]int64{0, 0}, output.StatusComplete},
		{[2]int64{1, 0}, output.StatusComplete}, // 10 % of the first shard
		{[2]int64{1, 10}, output.StatusSuspect},
	} {
		shards := []*output.Manifest{shard(0), shard(1)}
		for i, m := range shards {
			m.Counts = output.Counts{
				Rows: []int64{10, 1000}[i], Record: map[codes.Record]int64{codes.RecordUnknown: tt.unknown[i]},
			}
			if m.Counts.Doubts() != nil {
				m.Status = output.StatusSuspect
			}
		}
		if m := Manifests(shards, nil); m.Status != tt.want || (m.Reasons != nil) != (tt.want == output.StatusSuspect) {
			t.Errorf("%v unknown: %s, %q, want %s", tt.unknown, m.Status, m.Reasons, tt.want)
		}
	}
}

// What differs between shards is told, with which have what; what a shard has to have of its own is not.
func TestDifferences(t *testing.T) {
	var shards []*output.Manifest
	for i := range 8 {
		m := shard(0)
		m.Config = map[string]string{
			"rate": fmt.Sprint(i), "shard": fmt.Sprint(i), "output": fmt.Sprint(i), "mx": map[bool]string{true: "all"}[i%4 == 3],
		}
		m.Roots.Source = map[bool]string{true: "roots.pem", false: "bundle"}[i == 5]
		m.Version = "v" + fmt.Sprint(i/7)
		m.ExclusionVersions = append(m.ExclusionVersions, output.ExclusionVersion{SHA256: "ee", Entries: 1 + i/4})
		shards = append(shards, m)
	}
	m := Manifests(shards, nil)
	want := []string{
		"--mx: none (shards 0-2,4-6), all (shards 3,7)",
		"--rate: 0 (shard 0), 1 (shard 1), 2 (shard 2), 3 (shard 3), and 4 more",
		"program: v0 (shards 0-6), v1 (shard 7)",
		"trusted roots: bundle 2026-10-30 (shards 0-4,6-7), roots.pem 2026-10-30 (shard 5)",
		"those who opted out, as last read: 1 entries, SHA-256 ee (shards 0-3), 2 entries, SHA-256 ee (shards 4-7)",
	}
	if got := m.Merged.Differs; !slices.Equal(got, want) {
		t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Older programs, and shards without a cross-check, leave things out.
func TestManifestsWithLess(t *testing.T) {
	first, second := shard(0), shard(1)
	first.Performance, first.EndedAt, first.Trust.CrossCheck = nil, nil, nil
	second.Trust.CrossCheck.Trouble = "silent"
	m := Manifests([]*output.Manifest{first, second}, nil)
	if m.Performance == nil || m.Performance.Rows != 20 || m.EndedAt == nil {
		t.Errorf("performance %+v, end %v", m.Performance, m.EndedAt)
	}
	if got := m.Trust.CrossCheck.Trouble; got != "shard 1: silent; 1 of 2 shards were not cross-checked" {
		t.Errorf("trouble: %s", got)
	}
	first.Trust, second.Trust = nil, nil
	if m := Manifests([]*output.Manifest{first, second}, nil); m.Trust != nil {
		t.Errorf("trust: %+v", m.Trust)
	}
}

// Mail servers that several shards probed are counted once each, however little memory there is.
func TestProbedBySeveral(t *testing.T) {
	dir := t.TempDir()
	dataset, err := output.Open(dir, output.Identity{})
	if err != nil {
		t.Fatal(err)
	}
	const shards, rows = 3, 40
	for k := range 6 {
		part, err := dataset.Create(k, int64(k*rows+1), int64(k*rows+rows))
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			row := output.Row{
				Domain: fmt.Sprintf("d%d-%d.example.com", k, i), Rank: int64(k*rows + i + 1), List: "l", TLD: "com",
				Record: "valid", Policy: "valid", MXKind: "mx", ObservedAt: time.Unix(1795440000, 0).UTC(), Pass: 1,
			}
			own := output.MXHost{Host: fmt.Sprintf("own%d-%d.example.com", k, i)}
			shared := output.MXHost{Host: fmt.Sprintf("shared%d.example.com", i)}    // of shards 0 and 1
			twice := output.MXHost{Host: fmt.Sprintf("twice%d-%d.com", k%shards, i)} // by one shard, in two parts
			idle := output.MXHost{Host: "idle.example.com", STARTTLS: new("unknown")}
			for _, h := range []*output.MXHost{&own, &shared, &twice} {
				h.Addr, h.STARTTLS = new("22.1.0.1"), new("ok")
			}
			row.MX = []output.MXHost{own, twice, idle}
			if k%shards < 2 {
				row.MX = append(row.MX, shared)
			}
			if err := part.Write([]output.Row{row}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := part.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	for _, most := range []int{math.MaxInt, 500, 40} {
		if n, err := probedBySeveral(t.Context(), dir, shards, most); err != nil || n != rows {
			t.Errorf("room for %d: %d, %v, want %d", most, n, err, rows)
		}
	}
	if err := os.Truncate(filepath.Join(dir, output.PartName(2)), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := ProbedBySeveral(t.Context(), dir, shards); err == nil {
		t.Error("a part is cut, and that is no error")
	}
}

func TestNumbers(t *testing.T) {
	for want, list := range map[string][]int{"": nil, "3": {3}, "0-2,5": {0, 1, 2, 5}, "1,3,5-6": {1, 3, 5, 6}} {
		if got := Numbers(list); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}
