package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// smallWorld is a world of n domains, of which every third has a policy, and the
// list of them, with two lines that are no names.
func smallWorld(t *testing.T, n int) (world, list string) {
	t.Helper()
	dir := t.TempDir()
	var zone, truth, names strings.Builder
	files := make(map[string]string)
	zone.WriteString("$TTL 300\n")
	zone.WriteString("example.com.\tSOA\tns1.example.com. hostmaster.example.com. 2026010100 7200 3600 1209600 300\n")
	names.WriteString("no name\n")
	for i := range n {
		domain := fmt.Sprintf("d%02d.example.com", i)
		names.WriteString(domain + "\n")
		if i%3 > 0 {
			fmt.Fprintf(&truth, "%s record=absent error=ErrNoRecord policy=not_fetched\n", domain)
			continue
		}
		fmt.Fprintf(&zone, "_mta-sts.%s.\tTXT\t\"v=STSv1; id=%d;\"\nmta-sts.%s.\tA\t22.1.0.%d\n", domain, i, domain, i+1)
		fmt.Fprintf(&truth, "%s record=valid record_id=%d policy=valid mode=none max_age=86400\n", domain, i)
		files["policy/mta-sts."+domain] = "version: STSv1\nmode: none\nmax_age: 86400\n"
	}
	names.WriteString("192.0.2.1\n")
	files["zone"], files["truth"] = zone.String(), truth.String()
	for name, text := range files {
		path := filepath.Join(dir, "world", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list = filepath.Join(dir, "list.txt")
	if err := os.WriteFile(list, []byte(names.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "world"), list
}

// A run that was begun in the future, by a clock that was wrong, was begun now.
func TestBegunInTheFuture(t *testing.T) {
	world, list := smallWorld(t, 3)
	dir := filepath.Join(t.TempDir(), "run")
	scan := func() *output.Manifest {
		t.Helper()
		status, said := command(t.Context(), "scan", "-o", dir, "--sim", world, "-q", "--preflight=false", list)
		m, err := output.ReadManifest(filepath.Join(dir, "run.json"))
		if status != 0 || err != nil {
			t.Fatalf("status %d: %s: %v", status, said, err)
		}
		return m
	}
	for _, ahead := range []time.Duration{-time.Hour, 72 * time.Hour} {
		m := scan()
		began := m.StartedAt.Add(ahead)
		m.Status, m.StartedAt = output.StatusRunning, began
		if err := m.Write(dir); err != nil {
			t.Fatal(err)
		}
		if m = scan(); m.StartedAt.Equal(began) != (ahead < 0) || m.StartedAt.After(*m.EndedAt) {
			t.Errorf("begun %v ahead: from %v to %v", ahead, m.StartedAt, m.EndedAt)
		}
	}
}

// command runs the program; it gives the exit status and what went to stderr.
func command(ctx context.Context, args ...string) (int, string) {
	return commandWithInput(ctx, "", args...)
}

// commandWithInput runs the program with a standard input.
func commandWithInput(ctx context.Context, stdin string, args ...string) (int, string) {
	var stdout, stderr bytes.Buffer
	status := run(ctx, streams{in: strings.NewReader(stdin), out: &stdout, err: &stderr}, args)
	return status, stderr.String() + stdout.String()
}

// Whatever file of a run directory is changed, cut, emptied or gone: the same
// command again says so, and ends complete, with the rows that are true.
func TestDamagedRun(t *testing.T) {
	world, list := smallWorld(t, 10)
	elsewhere, _ := smallWorld(t, 9)
	opened, err := simnet.Open(elsewhere) // it knows no record of the last domain
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	other, err := opened.Listen(t.Context(), simnet.Addrs{DNS: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "run")
	scan := func(dir string) (int, string) {
		return command(t.Context(), "scan", "-o", dir, "--sim", world, "--progress", "off", "--part-size", "8",
			"--preflight=false", "--cross-check", other.DNS.String(), list)
	}
	again := func(t *testing.T, dir string) {
		t.Helper()
		status, said := scan(dir)
		if status != 0 || strings.Contains(said, "damaged") || !strings.Contains(said, "nothing is left to do") {
			t.Fatalf("once more: status %d: %s", status, said)
		}
		if _, err := os.Stat(filepath.Join(dir, "chunks")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the prepared names of a run that is complete: %v", err)
		}
	}
	if status, said := scan(good); status != 0 || strings.Contains(said, "damaged") {
		t.Fatalf("status %d: %s", status, said)
	}
	again(t, good)
	files := []string{
		"run.json", "rejects.jsonl", "crosscheck.jsonl", "shards.json", "part-000000.parquet", "part-000001.parquet",
		"plan.json",
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(good, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		states := map[string][]byte{"cut": text[:len(text)/2], "empty": {}, "gone": nil}
		for n := 1; n < len(text); n += 1 + len(text)/5 {
			changed := bytes.Clone(text)
			changed[n] ^= 1
			states[fmt.Sprintf("changed at %d of %d", n, len(text))] = changed
		}
		for state, data := range states {
			t.Run(name+" "+state, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "run")
				if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dir, filepath.FromSlash(name))
				err := os.WriteFile(path, data, 0o644)
				if data == nil {
					err = os.Remove(path)
				}
				if err != nil {
					t.Fatal(err)
				}
				status, said := scan(dir)
				if status != 0 {
					t.Fatalf("status %d: %s", status, said)
				}
				// run.json says the same as shards.json.
				if told := strings.Contains(said, "damaged, or gone"); told == (name+" "+state == "shards.json gone") {
					t.Errorf("said: %v: %s", told, said)
				}
				if status, said := command(t.Context(), "verify", dir, "--truth", world); status != 0 {
					t.Errorf("verify: status %d: %s", status, said)
				}
				m, err := output.ReadManifest(filepath.Join(dir, "run.json"))
				if err != nil || m.Status != output.StatusComplete || m.Counts.Rows != 10 {
					t.Errorf("the run is %s with %d rows, %v", m.Status, m.Counts.Rows, err)
				}
				if wants := strings.HasPrefix(name, "part-") || name == "run.json"; wants && len(m.Damaged) != 1 {
					t.Errorf("run.json lists as damaged %q", m.Damaged)
				}
				again(t, dir)
			})
		}
	}
}
