package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

func run(t *testing.T, dir string, options Options) Report {
	t.Helper()
	report, err := Run(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func text(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRunThatHolds(t *testing.T) {
	for _, shards := range []int{1, 2} {
		s := newSurvey(t)
		s.shards = shards
		s.write(t)
		report := run(t, s.dir, Options{Memory: 1000}) // three passes for duplicates
		if !complete(&report) || len(report.Notes) != 0 {
			t.Errorf("%d shards:\n%s", shards, text(t, report))
		}
		const want = "entries   200 = 1 rejected + 0 excluded + 2 duplicates + 197 names\n" +
			"rows      197 in 2 parts\nproblems  0\n"
		if got := text(t, report); got != want {
			t.Errorf("%d shards:\n%s", shards, got)
		}
		if report.Counts.Record["valid"] == 0 || report.Counts.Rows != 197 {
			t.Errorf("counts %+v", report.Counts)
		}
	}
}

// Names that opted out after the run began have no row: exactly as many as the parts and the manifest say.
func TestExcludedLate(t *testing.T) {
	for _, tt := range []struct {
		name     string
		excluded string // the file of exclusions as the run has seen it grow
		footer   int64  // names that the second part says were excluded late
		manifest int64  // and more in the manifest
		want     []string
	}{
		{"all is told", "=name100.example.com\n=name119.example.com\n", 2, 0, nil},
		{"who has a row has it from before", "example.com\n", 2, 0, nil},
		{"others were excluded", "=name100.example.com\n=name118.example.com\n", 2, 0, []string{
			"rank 120, name119.example.com: the name has no row", "part-000001.parquet: leaves out 1 names that were excluded late, and says 2"}},
		{"nothing was excluded", "", 2, 0, []string{
			"rank 101, name100.example.com: the name has no row", "rank 120, name119.example.com: the name has no row",
			"leaves out 0 names that were excluded late, and says 2"}},
		{"the part says too little", "example.com\n", 1, 0, []string{
			"leaves out 2 names that were excluded late, and says 1", "195 rows for 197 names, 1 of which were excluded late"}},
		{"the manifest says too much", "example.com\n", 2, 1, []string{"run.json: counts 3 names excluded late, its parts 2"}},
	} {
		s := newSurvey(t)
		s.rows[1] = slices.DeleteFunc(s.rows[1], func(row *output.Row) bool { return row.Rank == 101 || row.Rank == 120 })
		s.late = map[int]int64{1: tt.footer}
		s.edit = func(m *output.Manifest) { m.ExcludedLate += tt.manifest }
		s.write(t)
		path := filepath.Join(t.TempDir(), "exclude")
		if err := os.WriteFile(path, []byte(tt.excluded), 0o644); err != nil {
			t.Fatal(err)
		}
		file, err := domains.OpenExclusions(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Follow(s.plan, "run", durable.Disk{}, time.Now, func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
		report := run(t, s.dir, Options{})
		if len(report.Examples) != len(tt.want) || report.ExcludedLate != tt.footer {
			t.Errorf("%s:\n%s", tt.name, text(t, report))
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(report.Examples[i].String(), want) {
				t.Errorf("%s: %s, want %s", tt.name, report.Examples[i], want)
			}
		}
		if tt.want == nil && !strings.Contains(text(t, report), "\nrows      195 in 2 parts\nlate      2 names") {
			t.Errorf("%s:\n%s", tt.name, text(t, report))
		}
	}
}

// row finds the row with a rank.
func (s *survey) row(rank int64) *output.Row {
	for _, rows := range s.rows {
		for _, row := range rows {
			if row.Rank == rank {
				return row
			}
		}
	}
	return nil
}

// Each change of a good run is found, and nothing else is.
func TestRunThatDoesNotHold(t *testing.T) {
	tests := []struct {
		name   string
		before func(s *survey)               // before the run is written
		after  func(t *testing.T, s *survey) // after
		want   []string                      // in the problems, in order
	}{
		{name: "a rank with two rows", before: func(s *survey) {
			again := *s.row(9)
			again.Domain = "another.example.com"
			s.rows[0] = append(s.rows[0], &again)
		}, want: []string{"part-000000.parquet: rank 9, another.example.com: the rank has two rows",
			"198 rows for 197 names"}},
		{name: "a domain with two rows in one part", before: func(s *survey) { s.row(16).Domain = s.row(24).Domain },
			want: []string{"rank 16, name015.example.com: the row has another domain", `the domain "name023.example.com" has another row`}},
		{name: "a domain with two rows in two parts", before: func(s *survey) { s.row(16).Domain = s.row(120).Domain },
			want: []string{"rank 16, name015.example.com: the row has another domain", `part-000001.parquet: the domain "name119.example.com" has another row`}},
		{name: "a row that is missing", before: func(s *survey) { s.rows[1] = s.rows[1][1:] },
			want: []string{"part-000001.parquet: rank 101, name100.example.com: the name has no row", "196 rows for 197 names"}},
		{name: "a row for an entry that was rejected", before: func(s *survey) {
			more := *s.row(16)
			more.Domain, more.Rank = "x.example.com", 8
			s.rows[0] = append(s.rows[0], &more)
		}, want: []string{"part-000000.parquet: rank 8 has a row and no name", "198 rows for 197 names"}},
		{name: "tags that are not those of the list", before: func(s *survey) { s.row(16).Tags = map[string]string{"owner": "x"} },
			want: []string{"rank 16, name015.example.com: the row has another domain, list, list rank or tags"}},
		{name: "a class that does not follow", before: func(s *survey) { s.row(9).Record, s.row(9).RecordReason = "invalid", "id_missing" },
			want: []string{`record is "invalid", and the evidence says "valid"`, `record_reason is "id_missing", and the evidence says NULL`,
				"record is invalid, and policy is valid", "policy is valid, and retrieval ended", `error is NULL, and the evidence says "ErrRecordSyntax"`}},
		{name: "counts of the manifest", before: func(s *survey) {
			s.edit = func(m *output.Manifest) { m.Counts.Record["absent"]--; m.Counts.Record["unknown"]++ }
		}, want: []string{"run.json: counts record.absent: 71, not 72 as in the rows",
			"run.json: counts record.unknown: 1, not 0 as in the rows"}},
		{name: "entries that are lost", before: func(s *survey) {
			s.edit = func(m *output.Manifest) { m.Inputs[0].Rejected = 0 }
		}, want: []string{"200 entries are not 0 rejected, 0 excluded, 2 duplicates and 197 names",
			"is not the one of the plan"}},
		{name: "times that do not fit", before: func(s *survey) {
			s.edit = func(m *output.Manifest) {
				m.Performance = &output.Performance{
					Rows: 197, AskingSeconds: 10, RowsPerSecond: 19.7, TailSeconds: 6,
					Standstill: map[codes.Standstill]float64{codes.StandstillDisk: 5},
				}
			}
		}, want: []string{"run.json: says that admission stood still or was over for 11.000 s of 10.000 s"}},
		{name: "a rate that does not fit", before: func(s *survey) {
			s.edit = func(m *output.Manifest) {
				m.Performance = &output.Performance{Rows: 197, AskingSeconds: 10, RowsPerSecond: 197}
			}
		}, want: []string{"run.json: says that 197 rows in 10.000 s are 197.000 rows a second"}},
		{name: "a cause that is none", before: func(s *survey) {
			s.edit = func(m *output.Manifest) {
				m.Performance = &output.Performance{
					Rows: 197, AskingSeconds: 10, RowsPerSecond: 19.7,
					Standstill: map[codes.Standstill]float64{"weather": 1},
				}
			}
		}, want: []string{`run.json: says that admission stood still for "weather", which is no cause`}},
		{name: "other exclusions", before: func(s *survey) { s.edit = func(m *output.Manifest) { m.Exclusions = "ab" } },
			want: []string{`run.json: says that the exclusions are "ab", and the names were prepared with ""`}},
		{name: "parts that say no run", before: func(s *survey) { s.run = "" },
			want: []string{`part-000000.parquet: is of run "", and run.json is of run "` + night, "part-000001.parquet: is of"}},
		{name: "parts of another run", before: func(s *survey) { s.edit = func(m *output.Manifest) { m.Run = "tonight" } },
			want: []string{`part-000000.parquet: is of run "` + night + `", and run.json is of run "tonight"`, "part-000001.parquet: is of"}},
		{name: "shards of two runs", before: func(s *survey) {
			s.shards = 2
			s.edit = func(m *output.Manifest) {
				if m.Shard.Index == 1 {
					m.Run = "tonight"
				}
			}
		}, want: []string{`run-1-of-2.json: is of run "tonight", and run-0-of-2.json is of run "` + night}},
		{name: "a claim of another run", after: func(t *testing.T, s *survey) {
			claim := output.Shards{Number: 1, Run: "tonight"}
			if err := output.WriteShards(durable.Disk{}, s.dir, claim); err != nil {
				t.Fatal(err)
			}
		}, want: []string{`shards.json: is of run "tonight", and run.json is of run "` + night}},
		{name: "modes of policies that are not valid", before: func(s *survey) {
			s.edit = func(m *output.Manifest) { m.Counts.Mode["enforce"]++ }
		}, want: []string{"run.json: counts mode.enforce: 26, not 25 as in the rows"}},
		{name: "a plan that is another", before: func(s *survey) { s.edit = func(m *output.Manifest) { m.Plan.PartSize = 50 } },
			want: []string{"says that the plan is", "part-000000.parquet: is for the ranks 1 to 100, and part 0 has 1 to 50", "part-000001", "the run is complete, and it is not"}},
		{name: "a part that is not the one that was listed", before: func(s *survey) {
			s.edit = func(m *output.Manifest) { m.Parts[0].SHA256 = strings.Repeat("ab", 32) }
		}, want: []string{"part-000000.parquet: is not the file that run.json lists"}},
		{name: "a part that is gone", after: func(t *testing.T, s *survey) { remove(t, s.path(1)) },
			want: []string{"part-000001.parquet: run.json lists it, and it is not there", "the run is complete, and it is not"}},
		{name: "a part under another's name", after: func(t *testing.T, s *survey) {
			if err := os.Rename(s.path(1), s.path(0)); err != nil {
				t.Fatal(err)
			}
		}, want: []string{"part-000000.parquet: is part 1", "part-000001.parquet: run.json lists it", "it is not"}},
		{name: "a part that was cut", after: func(t *testing.T, s *survey) {
			if err := os.Truncate(s.path(1), 1000); err != nil {
				t.Fatal(err)
			}
		}, want: []string{"part-000001.parquet: not a whole part file: the end is missing", "it is not"}},
		{name: "a part that no manifest lists", before: func(s *survey) {
			s.edit = func(m *output.Manifest) {
				m.Counts = output.Counts{}
				m.Parts = m.Parts[:1]
				for _, part := range m.Parts {
					m.Counts.Merge(part.Counts)
				}
			}
		}, want: []string{"part-000001.parquet: run.json does not list it"}},
		{name: "a manifest that was changed", after: func(t *testing.T, s *survey) {
			path := filepath.Join(s.dir, "run.json")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append([]byte(" "), text...), 0o600); err != nil {
				t.Fatal(err)
			}
		}, want: []string{"run.json: is not as it was written"}},
		{name: "rejects that are gone", after: func(t *testing.T, s *survey) {
			remove(t, filepath.Join(s.dir, "rejects.jsonl"))
		}, want: []string{"rejects.jsonl: no such file"}},
		{name: "duplicates with other tags that are gone", before: func(s *survey) {
			s.edit = func(m *output.Manifest) { m.Inputs[0].OtherTags = 1 }
		}, want: []string{`run.json: input `, "duplicates.jsonl: no such file"}},
		{name: "duplicates with other tags that are not counted", after: func(t *testing.T, s *survey) {
			writeFile(t, filepath.Join(s.dir, "duplicates.jsonl"), "{}\n{}\n")
		}, want: []string{"duplicates.jsonl: line 1: the manifest of the run counts 0 lines"}},
		{name: "duplicates with other tags that are cut off", after: func(t *testing.T, s *survey) {
			writeFile(t, filepath.Join(s.dir, "duplicates.jsonl"), "{")
		}, want: []string{"duplicates.jsonl: line 1: unexpected EOF"}},
		{name: "scans in one shard and in two", after: func(t *testing.T, s *survey) {
			m, err := output.ReadManifest(filepath.Join(s.dir, "run.json"))
			if err != nil {
				t.Fatal(err)
			}
			m.Shard, m.Parts, m.Counts = &output.Shard{Index: 1, Of: 2}, nil, output.Counts{}
			if err := m.Write(s.dir); err != nil {
				t.Fatal(err)
			}
		}, want: []string{
			"run.json: is of a run in 1 shards, run-1-of-2.json of one in 2: run one of the scans again, which sets",
		}},
		{name: "a run that says it is complete", before: func(s *survey) { s.lose[1] = true },
			want: []string{"the manifests say that the run is complete, and it is not"}},
		{name: "a part of another shard", before: func(s *survey) {
			s.shards = 2
			s.edit = func(m *output.Manifest) {
				if m.Shard.Index == 0 {
					s.infos = m.Parts
				} else {
					m.Parts = append(m.Parts, s.infos[0])
				}
			}
		}, want: []string{"run-1-of-2.json: lists part-000000.parquet, which is another shard's", "run-1-of-2.json: counts"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSurvey(t)
			if tt.before != nil {
				tt.before(s)
			}
			s.write(t)
			if tt.after != nil {
				tt.after(t, s)
			}
			report := run(t, s.dir, Options{})
			if complete(&report) {
				t.Fatal("it holds")
			}
			for i, want := range tt.want {
				if i >= len(report.Examples) || !strings.Contains(report.Examples[i].String(), want) {
					t.Fatalf("problem %d is not %q:\n%s", i, want, text(t, report))
				}
			}
			if tt.name != "a part of another shard" && int64(len(tt.want)) != report.Problems {
				t.Errorf("%d problems, want %d:\n%s", report.Problems, len(tt.want), text(t, report))
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// An unfinished run is reported, without a flood of problems.
func TestRunThatIsNotFinished(t *testing.T) {
	s := newSurvey(t)
	s.lose[0] = true
	s.edit = func(m *output.Manifest) { m.Status = output.StatusIncomplete }
	s.write(t)
	report := run(t, s.dir, Options{})
	want := []string{"run.json: the run is incomplete", "1 of 2 parts, 98 of 197 rows"}
	if report.Problems != 0 || !report.Incomplete || complete(&report) || !slices.Equal(report.Missing, want) {
		t.Error(text(t, report))
	}
}

// A killed process leaves parts that its manifest does not list.
func TestRunThatWasKilled(t *testing.T) {
	s := newSurvey(t)
	s.edit = func(m *output.Manifest) {
		m.Status, m.Parts, m.Counts = output.StatusRunning, nil, output.Counts{}
	}
	s.lose[1] = true
	s.write(t)
	report := run(t, s.dir, Options{})
	want := []string{"run.json: the run is running", "1 of 2 parts, 99 of 197 rows"}
	if report.Problems != 0 || !slices.Equal(report.Missing, want) {
		t.Error(text(t, report))
	}
}

func TestShardThatIsMissing(t *testing.T) {
	s := newSurvey(t)
	s.shards = 2
	s.lose[1] = true
	s.write(t)
	remove(t, filepath.Join(s.dir, "run-1-of-2.json"))
	report := run(t, s.dir, Options{})
	want := []string{"shard 1 of 2 has no manifest", "1 of 2 parts, 99 of 197 rows"}
	if report.Problems != 0 || !slices.Equal(report.Missing, want) {
		t.Error(text(t, report))
	}
}

// Without the prepared names, which go once a run is complete, rows are counted, and everything else is checked.
// Without the plan rows are counted over all parts.
func TestRunWithoutChunks(t *testing.T) {
	for gone, want := range map[string][]string{
		"chunks": {"strict is false, and the evidence says true",
			"part-000001.parquet: has 98 rows and leaves out 0 names that were excluded late, of 99 names",
			"196 rows for 197 names"},
		"plan.json": {"strict is false, and the evidence says true", "196 rows for 197 names"},
	} {
		s := newSurvey(t)
		s.row(9).Strict = new(false)
		s.rows[1] = s.rows[1][1:]
		s.write(t)
		remove(t, filepath.Join(s.dir, gone))
		report := run(t, s.dir, Options{})
		if int(report.Problems) != len(want) || len(report.Notes) != 1 {
			t.Error(gone, text(t, report))
			continue
		}
		for i, words := range want {
			if !strings.Contains(report.Examples[i].String(), words) {
				t.Error(gone, text(t, report))
			}
		}
	}
}

// A program that gave runs no identity also counted the modes of policies that are not valid.
func TestCountsOfAnOlderProgram(t *testing.T) {
	s := newSurvey(t)
	s.run = ""
	s.edit = func(m *output.Manifest) { m.Run = ""; m.Counts.Mode["enforce"]++ }
	s.write(t)
	if report := run(t, s.dir, Options{}); !complete(&report) {
		t.Error(text(t, report))
	}
}

// A run that an earlier version began is not damaged: a note says why its rows may differ.
func TestRunOfAnotherVersion(t *testing.T) {
	s := newSurvey(t)
	s.write(t)
	path := filepath.Join(s.dir, "plan.json")
	plan, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for now, then := range map[string]string{`"version": 5`: `"version": 4`, `"checksum"`: `"before there were any"`} {
		plan = bytes.Replace(plan, []byte(now), []byte(then), 1)
	}
	if err := os.WriteFile(path, plan, 0o600); err != nil {
		t.Fatal(err)
	}
	report := run(t, s.dir, Options{})
	if !complete(&report) || len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "begun by another version") {
		t.Errorf("%s", text(t, report))
	}
}

func TestRunOfNoRun(t *testing.T) {
	if _, err := Run(t.TempDir(), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A truther that knows every second rank.
type world map[int64]simnet.Truth

func (w world) Truth(_ string, rank int64) (simnet.Truth, bool) {
	t, ok := w[rank]
	return t, ok
}

func TestRunAgainstTruth(t *testing.T) {
	s := newSurvey(t)
	s.write(t)
	truths := make(world)
	for rank := int64(1); rank <= entries; rank += 8 {
		truths[rank] = simnet.Truth{Record: "valid", Mode: "enforce"}
	}
	report := run(t, s.dir, Options{World: truths})
	if report.Compared != 25 || report.Differ != 0 || !complete(&report) {
		t.Error(text(t, report))
	}
	for rank := range truths {
		truths[rank] = simnet.Truth{Record: "valid", Mode: "testing"}
	}
	report = run(t, s.dir, Options{World: truths, Examples: 2})
	if report.Compared != 25 || report.Differ != 25 || complete(&report) || len(report.Differences) != 2 {
		t.Error(text(t, report))
	}
	const want = "truth     25 rows compared, 25 differ\n" +
		"          part-000000.parquet: rank 1, name000.example.com: mode: got \"enforce\", want \"testing\"\n"
	if got := text(t, report); !strings.Contains(got, want) || !strings.Contains(got, "          and 23 more\n") {
		t.Error(got)
	}
}

func TestExamplesAreBounded(t *testing.T) {
	s := newSurvey(t)
	for _, rows := range s.rows {
		for _, row := range rows {
			row.TLD = "net"
		}
	}
	s.write(t)
	report := run(t, s.dir, Options{Examples: 3})
	if report.Problems != 197 || len(report.Examples) != 3 {
		t.Error(text(t, report))
	}
	if !strings.Contains(text(t, report), fmt.Sprintf("and %d more", 194)) {
		t.Error(text(t, report))
	}
}

// complete says whether the run is finished and everything holds.
func complete(r *Report) bool { return !r.Incomplete && r.Problems == 0 && r.Differ == 0 }
