package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// Every row that --from chose is asked, with its tags as they were, whatever they
// are: also those that would be too long for a line of CSV once they are quoted.
func TestFromKeepsRows(t *testing.T) {
	texts := []string{
		"plain", "", "a,b;c\td", "with \"quotes\"", strings.Repeat(`"`, 1500), strings.Repeat(`x"`, 1000),
		"first\nsecond", "first\r\nsecond\rthird", strings.Repeat("\n", 5) + "x",
		"\xff\xfe not UTF-8 \xff", strings.Repeat("\xff", 3000), strings.Repeat("long ", 700), "ä\u2028\u202e\x00",
		"# no comment", "{\"json\": 1}", `\"`, "=cmd()",
	}
	header := []string{"rank", "domain", "a,b", "c;d;e;f;g;h;i", "Rank of old", `q"q`, "plain"}
	list := quoted(header)
	for i, text := range texts {
		line := []string{fmt.Sprint(100 + i), fmt.Sprintf("name-%d.com", i), "", "", "", "", ""}
		line[2+i%4], line[6] = text, "p"
		list += quoted(line)
	}
	// Quotes that begin no field stand for themselves, and not for fields.
	list += "200,raw.com,,,,,x" + strings.Repeat(`"`, 3500) + "\n"

	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("list.csv"), []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--sim", "zones", "--timeout", "200ms", "--retries", "0", "--passes", "1", "-q"}
	tags := strings.TrimSuffix(quoted(header[2:]), "\n")
	scan(t, exitDone, append(flags, "-o", path("run"), "--tags", tags, path("list.csv"))...)
	scan(t, exitDone, append(flags, "-o", path("again"), "--only", "absent", "--from", path("run"))...)

	chosen, again := rowsOf(t, path("run")), rowsOf(t, path("again"))
	for domain, row := range chosen {
		if row.Record != "absent" {
			delete(chosen, domain)
		}
	}
	if len(chosen) < len(texts)/2 || len(again) != len(chosen) {
		t.Errorf("%d rows are asked again of %d that are chosen", len(again), len(chosen))
	}
	for domain, row := range chosen {
		now := again[domain]
		if now == nil {
			t.Errorf("%s is not asked again", domain)
		} else if !maps.Equal(now.Tags, row.Tags) || now.ListRank == nil || *now.ListRank != row.Rank {
			t.Errorf("%s: %.200q, rank %v; want %.200q, rank %d", domain, now.Tags, now.ListRank, row.Tags, row.Rank)
		}
	}
}

// A run that was made from a run that was made from another says so of both, and how many entries the first asked.
func TestFromKeepsLineage(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("list.txt"), []byte("one.test\ntwo.test\nthree.test\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--sim", "zones", "--timeout", "200ms", "--retries", "0", "--passes", "1", "-q"}
	scan(t, exitDone, append(flags, "-o", path("run"), "--limit", "2", path("list.txt"))...)
	scan(t, exitDone, append(flags, "-o", path("second"), "--only", "absent", "--from", path("run"), "--limit", "9")...)
	scan(t, exitDone, append(flags, "-o", path("third"), "--only", "no_sts", "--from", path("second"))...)

	manifests, err := output.ReadManifests(path("third"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for from := manifests[0].From; from != nil; from = from.From {
		got = append(got, fmt.Sprintf("%s of %s, limit %d", from.Only, filepath.Base(from.Run), from.Limit))
	}
	if want := []string{"no_sts of second, limit 0", "absent of run, limit 2"}; !slices.Equal(got, want) {
		t.Errorf("made from %q, want %q", got, want)
	}
}

// Shards without a manifest make no finished run, whatever the others say.
func TestFromUnfinishedShards(t *testing.T) {
	dir := t.TempDir()
	run, again := filepath.Join(dir, "run"), filepath.Join(dir, "again")
	world, list := smallWorld(t, 10)
	flags := []string{"--sim", world, "--preflight=false", "-q", "--passes", "1"}
	scan(t, exitDone, append(flags, "-o", run, "--part-size", "4", "--shard", "0/2", list)...)
	scan(t, exitDone, append(flags, "-o", again, "--only", "valid", "--from", run)...)
	manifests, err := output.ReadManifests(again)
	if err != nil {
		t.Fatal(err)
	}
	if got := manifests[0].From.Status; got != output.StatusIncomplete {
		t.Errorf("made from a run that is %s, want incomplete", got)
	}
}

// A run of chosen rows fails where it cannot ask them all.
func TestFromRefusesRows(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("list.txt"), []byte("one.test\nexample.com\ntwo.test\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--timeout", "200ms", "--retries", "0", "--passes", "1", "-q"}
	scan(t, exitDone, append(flags, "-o", path("run"), "--sim", "zones", path("list.txt"))...)
	// Names for special use exist in a test bed only.
	args := append(flags, "-o", path("again"), "--resolvers", "127.0.0.1:1", "--contact", "a@example.org",
		"--only", "absent", "--from", path("run"))
	for range 2 {
		said := scan(t, exitFailed, args...)
		if want := "one.test cannot be scanned here"; !strings.Contains(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	}
}

// quoted is a line of CSV.
func quoted(fields []string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(fields)
	w.Flush()
	return b.String()
}

// scan calls scan in this process, and returns what it said.
func scan(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	std := streams{in: strings.NewReader(""), out: &out, err: &said}
	if got := run(t.Context(), std, append([]string{"scan"}, args...)); got != want {
		t.Fatalf("scan %q: exit status %d, want %d: %s", args, got, want, said.String())
	}
	return said.String()
}

// rowsOf are the rows of a run by domain.
func rowsOf(t *testing.T, dir string) map[string]*output.Row {
	t.Helper()
	paths, err := output.PartPaths(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]*output.Row)
	for _, path := range paths {
		for row, err := range output.ReadPart(path) {
			if err != nil {
				t.Fatal(err)
			}
			kept := *row
			rows[row.Domain] = &kept
		}
	}
	return rows
}
