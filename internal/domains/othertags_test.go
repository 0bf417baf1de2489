package domains

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// duplicateLines are the lines of duplicates.jsonl; nil: there is no such file.
func duplicateLines(t testing.TB, dir string) (lines []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, DuplicatesFile))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// Of duplicates, those whose tags differ from the tags of the entry that became the row are listed.
func TestOtherTags(t *testing.T) {
	const header = "domain,owner,team\n"
	line := func(domain string, list, line int, tags string, first, firstLine int) string {
		return fmt.Sprintf(`{"domain":"%s","list":"LIST%d","line":%d,"tags":{%s},"first":{"list":"LIST%d","line":%d}}`,
			domain, list, line, tags, first, firstLine)
	}
	tests := []struct {
		name  string
		lists []string
		want  []string
	}{
		{"none", []string{header + "a.com,x,y\nb.com,x,y\n"}, nil},
		{"the same tags", []string{header + "a.com,x,y\nA.com., x ,\"y\"\n"}, nil},
		{"another owner", []string{header + "a.com,x,y\nb.com,x,y\na.com,z,y\n"},
			[]string{line("a.com", 0, 4, `"owner":"z","team":"y"`, 0, 2)}},
		{"one tag more, one less", []string{header + "a.com,x,\na.com,x,y\nb.com,x,y\nb.com,x,\n"},
			[]string{line("a.com", 0, 3, `"owner":"x","team":"y"`, 0, 2), line("b.com", 0, 5, `"owner":"x"`, 0, 4)}},
		{"tags that change places", []string{header + "a.com,x,\na.com,,x\n"},
			[]string{line("a.com", 0, 3, `"team":"x"`, 0, 2)}},
		{"no tags: nothing is lost", []string{header + "a.com,x,y\na.com,,\na.com\n"}, nil},
		{"no tags at first", []string{header + "a.com,,\na.com,x,\n"}, []string{line("a.com", 0, 3, `"owner":"x"`, 0, 2)}},
		{"each is held against the first", []string{header + "a.com,x,\na.com,y,\na.com,x,\na.com,y,\n"},
			[]string{line("a.com", 0, 3, `"owner":"y"`, 0, 2), line("a.com", 0, 5, `"owner":"y"`, 0, 2)}},
		{"entries that are no names use up ranks, and others lines", []string{"# x\n" + header + "no name,x,\n\na.com,\"x\n\",\nno name,x,\na.com,y,\n"},
			[]string{line("a.com", 0, 8, `"owner":"y"`, 0, 5)}},
		{"in several lists", []string{header + "a.com,x,\n", "c.com\na.com\n", "team,domain,owner\n,b.com,\n,a.com,y\nz,c.com,\n"},
			[]string{line("a.com", 2, 3, `"owner":"y"`, 0, 2), line("c.com", 2, 4, `"team":"z"`, 1, 1)}},
		{"not UTF-8", []string{header + "a.com,\xff,\na.com,\xfe,\na.com,<x>,\n"}, []string{line("a.com", 0, 4, `"owner":"<x>"`, 0, 2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var lists []List
			for i, text := range tt.lists {
				lists = append(lists, List{writeList(t, fmt.Sprint("list", i), text)})
				for j, want := range tt.want {
					tt.want[j] = strings.ReplaceAll(want, fmt.Sprint("LIST", i), lists[i].Path)
				}
			}
			cfg := PrepareConfig{Dir: t.TempDir(), Lists: lists, Tags: []string{"owner", "team"}, Disk: quick()}
			p, err := Prepare(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := duplicateLines(t, cfg.Dir); !slices.Equal(got, tt.want) {
				t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
			if p.OtherTags != int64(len(tt.want)) {
				t.Errorf("counted %d, want %d", p.OtherTags, len(tt.want))
			}
		})
	}
}

// Without tags there is no such file, whatever an earlier preparation left.
func TestOtherTagsWithoutTags(t *testing.T) {
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{writeList(t, "list", "domain,owner\na.com,x\na.com,y\n")}}}
	if err := os.WriteFile(filepath.Join(cfg.Dir, DuplicatesFile), []byte("left behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := duplicateLines(t, cfg.Dir); got != nil || p.OtherTags != 0 || p.Duplicates != 1 {
		t.Errorf("%q, %d of %d", got, p.OtherTags, p.Duplicates)
	}
}

// With any budget, a long list gives the lines that follow from its entries, in their order, and leaves nothing else
// behind. Damaged or gone, the file is made again as it was.
func TestOtherTagsOfALongList(t *testing.T) {
	const entries = 4_000
	r := rand.New(rand.NewPCG(1, 2))
	list := filepath.Join(t.TempDir(), "list")
	type entry struct {
		line  int
		owner string
	}
	firsts := make(map[string]entry)
	var want []string
	text := strings.Builder{}
	text.WriteString("owner,domain\n")
	for i := range entries {
		name, owner := fmt.Sprintf("n%d.com", r.IntN(entries/2)), []string{"", "x", "y", "z"}[r.IntN(4)]
		fmt.Fprintf(&text, "%s,%s\n", owner, name)
		first, seen := firsts[name]
		if !seen {
			firsts[name] = entry{i + 2, owner}
		} else if owner != "" && owner != first.owner {
			line, err := json.Marshal(DuplicateLine{Domain: name, List: list, Line: int64(i + 2),
				Tags: map[string]string{"owner": owner}, First: Place{list, int64(first.line)}})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, string(line))
		}
	}
	if err := os.WriteFile(list, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, budget := range []int64{64 << 20, 4 << 10} {
		cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, Tags: []string{"owner"}, MemoryBudget: budget,
			Disk: quick()}
		p, err := Prepare(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := duplicateLines(t, cfg.Dir); !slices.Equal(got, want) || p.OtherTags != int64(len(want)) {
			t.Errorf("budget %d: %d lines, %d counted, want %d", budget, len(got), p.OtherTags, len(want))
		}
		path := filepath.Join(cfg.Dir, DuplicatesFile)
		for _, damage := range []func() error{
			func() error { return os.Remove(path) },
			func() error { return os.Truncate(path, 100) },
			func() error { return os.Remove(filepath.Join(cfg.Dir, PlanFile)) },
		} {
			if err := damage(); err != nil {
				t.Fatal(err)
			}
			reported := 0
			cfg.Damaged, cfg.Begun = func(error) { reported++ }, begunWith(p)
			again, err := Prepare(t.Context(), cfg)
			if err != nil || reported != 1 || again.SHA256() != p.SHA256() || again.DuplicatesSHA256 != p.DuplicatesSHA256 {
				t.Errorf("budget %d: %v, %d reported", budget, err, reported)
			}
			if got := duplicateLines(t, cfg.Dir); !slices.Equal(got, want) {
				t.Errorf("budget %d: made again with %d lines, want %d", budget, len(got), len(want))
			}
		}
		now := files(t, cfg.Dir)
		if left != nil && !slices.Equal(left, now) || strings.Contains(strings.Join(now, " "), ".tmp-") {
			t.Errorf("budget %d: files %q", budget, now)
		}
		left = now
	}
}
