package verify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// crossed gives a survey a cross-check of a tenth of the negatives and all positives. One of each disagrees, and
// one has no answer. change edits what is written.
func (s *survey) crossed(
	t *testing.T, change func(c *output.CrossCheck, list []output.Disagreement) []output.Disagreement,
) {
	t.Helper()
	dataset, err := output.Open(s.dir, output.Identity{Input: s.plan.SHA256(), Run: night})
	if err != nil {
		t.Fatal(err)
	}
	s.edit = func(m *output.Manifest) {
		c := &output.CrossCheck{Resolvers: []string{"192.0.2.9:53"}, Share: 0.1,
			Kinds: make(map[output.CrossDifference]int64)}
		var list []output.Disagreement
		for k, rows := range s.rows {
			if k%s.shards != shardOf(m) {
				continue
			}
			for _, row := range rows {
				if !output.CrossChecked(row.Domain, codes.Record(row.Record), c.Share) {
					continue
				}
				count, kind, other := &c.Positives, output.CrossDenied, codes.RecordAbsent
				d := output.Disagreement{Domain: row.Domain, Rank: row.Rank, Record: codes.Record(row.Record),
					ObservedAt: row.ObservedAt}
				for _, txt := range row.TXT {
					d.TXT = append(d.TXT, txt)
				}
				if row.Record == "absent" {
					count, kind, other = &c.Negatives, output.CrossFound, codes.RecordValid
					d.CrossTXT, d.CrossTXTCount = []output.RawText{output.RawText("v=STSv1; id=1;")}, 1
				}
				switch count.Checked++; count.Checked {
				case 1:
					count.Disagree++
					d.Kind, d.CrossRecord = kind, other
					c.Kinds[kind]++
					list = append(list, d)
				case 2:
					count.Unanswered++
				default:
					count.Agree++
				}
			}
		}
		if err := dataset.WriteDisagreements(c, m.Shard, change(c, list)); err != nil {
			t.Fatal(err)
		}
		m.Trust = &output.Trust{CrossCheck: c}
	}
}

func shardOf(m *output.Manifest) int {
	if m.Shard == nil {
		return 0
	}
	return m.Shard.Index
}

// The figures of a cross-check are compared with the rows and the list of disagreements, and the list with the
// rows.
func TestCrossCheck(t *testing.T) {
	same := func(_ *output.CrossCheck, list []output.Disagreement) []output.Disagreement { return list }
	tests := []struct {
		name   string
		shards int
		change func(c *output.CrossCheck, list []output.Disagreement) []output.Disagreement
		after  func(t *testing.T, s *survey)
		want   []string // in the problems, in order
	}{
		{name: "all holds", change: same},
		{name: "all holds in shards", shards: 2, change: same},
		{name: "more were checked", change: func(c *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			c.Negatives.Checked++
			c.Negatives.Agree++
			return list
		}, want: []string{
			"run.json: cross-check: 8 negatives and 125 positives were checked, and the rows to check are 7 and 125",
		}},
		{name: "one is lost", change: func(c *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			c.Positives.Agree--
			return list
		}, want: []string{"run.json: cross-check: 125 positives are not 122 that agree, 1 that disagree and 1 unanswered"}},
		{name: "another share", change: func(c *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			c.Share = 1
			return list
		}, want: []string{"7 negatives and 125 positives were checked, and the rows to check are 72 and 125"}},
		{name: "another kind", change: func(c *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			c.Kinds = map[output.CrossDifference]int64{"denied": 2}
			return list
		}, want: []string{"1 negatives and 1 positives disagree, and their kinds say 0 and 2",
			"has 1 of the kind found; run.json says 0"}},
		{name: "a word that is none", change: func(c *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			c.Kinds["other"] = 1
			return list
		}, want: []string{`1 disagreements of the kind "other"`}},
		{name: "a row that is none", change: func(_ *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			list[0].Domain = "another.example.com"
			return list
		}, want: []string{
			"crosscheck.jsonl: rank 1, another.example.com: no row with this rank and domain was to be checked",
		}},
		{name: "another row", change: func(_ *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			list[0].TXT = nil
			return list
		}, want: []string{"part-000000.parquet: rank 1, name000.example.com: the list of disagreements differs"}},
		{name: "a kind that does not follow", change: func(_ *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			list[0].CrossRecord = "valid"
			return list
		}, want: []string{"the kind does not follow from the classes of record"}},
		{name: "a class that does not follow", change: func(_ *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			list[1].CrossTXT[0] = output.RawText("v=STSv1; id=-;")
			return list
		}, want: []string{"cross_record does not follow from cross_txt"}},
		{name: "two lines", change: func(_ *output.CrossCheck, list []output.Disagreement) []output.Disagreement {
			return append(list, list[1])
		}, want: []string{"it has two lines", "has 2 of the kind found; run.json says 1"}},
		{name: "a changed list", change: same, after: func(t *testing.T, s *survey) {
			overwrite(t, filepath.Join(s.dir, "crosscheck.jsonl"), "")
		}, want: []string{"crosscheck.jsonl: is not the file that run.json names"}},
		{name: "no list", change: same, after: func(t *testing.T, s *survey) { remove(t, filepath.Join(s.dir, "crosscheck.jsonl")) },
			want: []string{"crosscheck.jsonl: run.json names it, and it is not there"}},
		{name: "a list without a cross-check", after: func(t *testing.T, s *survey) { overwrite(t, filepath.Join(s.dir, "crosscheck.jsonl"), "") },
			want: []string{"crosscheck.jsonl: run.json does not mention a cross-check"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSurvey(t)
			if tt.shards > 0 {
				s.shards = tt.shards
			}
			if tt.change != nil {
				s.crossed(t, tt.change)
			}
			s.write(t)
			if tt.after != nil {
				tt.after(t, s)
			}
			report := run(t, s.dir, Options{})
			if report.Problems != int64(len(tt.want)) {
				t.Fatalf("%d problems, want %d:\n%s", report.Problems, len(tt.want), text(t, report))
			}
			for i, want := range tt.want {
				if got := report.Examples[i].String(); !strings.Contains(got, want) {
					t.Errorf("problem %d: %s, want %s", i, got, want)
				}
			}
		})
	}
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
