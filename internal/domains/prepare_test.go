package domains

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPrepare(t *testing.T) {
	csv := writeList(t, "portfolio.csv",
		"rank,domain,owner,team\n10,a.com,Acme\xff, \n"+
			"20,B.com.,\"Bee\tand\\co\",red\n30,c.test,,\n40,optout.com,,\n50,a.com,Other,blue\n")
	dir := filepath.Join(t.TempDir(), "run")
	exclude, err := parseExclusions("x", strings.NewReader("optout.com\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(t.Context(), PrepareConfig{
		Dir: dir, Lists: []List{{Path: csv}, {Path: "-"}}, Stdin: strings.NewReader("# x\nb.com\nd.com\n192.0.2.1\nsub.optout.com\n"),
		Tags: []string{"Team", "owner"}, Exclude: exclude,
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []Name
	for k := range p.Parts {
		for n, err := range p.Chunk(k) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
	}
	want := []Name{
		{Domain: "a.com", Rank: 1, ListRank: 10, List: csv, Tags: map[string]string{"owner": "Acme\uFFFD"}},
		{Domain: "b.com", Rank: 2, ListRank: 20, List: csv, Tags: map[string]string{"owner": "Bee\tand\\co", "Team": "red"}},
		{Domain: "d.com", Rank: 7, List: "-"},
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("names\n%+v, want\n%+v", got, want)
	}
	if got[2].Tags != nil {
		t.Error("tags without tags")
	}
	counts := []Counts{
		{Entries: 5, Rejected: 1, Excluded: 1, Duplicates: 1, OtherTags: 1, Names: 2, Skipped: 1},
		{Entries: 4, Rejected: 1, Excluded: 1, Duplicates: 1, Names: 1, Skipped: 1},
		{Entries: 9, Rejected: 2, Excluded: 2, Duplicates: 2, OtherTags: 1, Names: 3, Skipped: 2},
	}
	if got := []Counts{p.Inputs[0].Counts, p.Inputs[1].Counts, p.Counts}; !slices.Equal(got, counts) {
		t.Errorf("counts %+v, want %+v", got, counts)
	}
	rejects := []RejectLine{
		{csv, 4, 3, ReasonSpecialUse, "c.test"},
		{csv, 5, 4, ReasonExcluded, "optout.com"},
		{"-", 4, 8, ReasonIPLiteral, "192.0.2.1"},
		{"-", 5, 9, ReasonExcluded, "sub.optout.com"},
	}
	if got := rejectLines(t, dir); !slices.Equal(got, rejects) {
		t.Errorf("rejects %+v, want %+v", got, rejects)
	}
	left := []string{"chunks/chunk-000000.names", DuplicatesFile, EntriesFile, PlanFile, RejectsFile}
	if got, want := files(t, dir), left; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	stored, err := ReadPlan(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprintf("%+v", p), fmt.Sprintf("%+v", stored); a != b {
		t.Errorf("the stored plan is another one:\n%s\n%s", b, a)
	}
}

// Short lists have many small parts; the size of parts is bounded for long ones.
func TestPartSize(t *testing.T) {
	for _, tt := range []struct{ entries, many, size, parts int64 }{
		{1, 0, 64, 1}, {64, 0, 64, 1}, {65, 0, 64, 2}, {4096, 0, 64, 64}, {4097, 0, 128, 33}, {10_000, 0, 256, 40},
		{1_000_000, 0, 16384, 62}, {64 << 20, 0, 1 << 19, 128}, {300_000_000, 0, 1 << 19, 573},
		{20_000, 512, 64, 313}, {10_000, 16, 256, 40}, {300_000_000, 8000, 1 << 16, 4578},
	} {
		if size := partSize(tt.entries, tt.many); size != tt.size || partCount(tt.entries, size) != tt.parts {
			t.Errorf("%d entries: %d parts of %d ranks, want %d of %d", tt.entries, partCount(tt.entries, size), size,
				tt.parts, tt.size)
		}
	}
}

// Parts cover all ranks, even those of entries that are no names.
func TestParts(t *testing.T) {
	list := writeList(t, "list", strings.Repeat("bad name\n", 200)+noise(300)+strings.Repeat("bad name\n", 50))
	p, err := Prepare(t.Context(), PrepareConfig{Dir: t.TempDir(), Lists: []List{{Path: list}}, PartSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, c := range p.Chunks {
		got = append(got, c.Names)
	}
	if want := []int64{0, 0, 100, 100, 100, 0}; !slices.Equal(got, want) {
		t.Errorf("names by chunk %d, want %d", got, want)
	}
	if c := p.Chunks[5]; c.FirstRank != 501 || c.LastRank != 550 {
		t.Errorf("last chunk %+v", c)
	}
	if n := len(names(t, p)); n != 300 {
		t.Errorf("%d names", n)
	}
	for _, k := range []int{-1, 6} {
		for _, err := range p.Chunk(k) {
			if want := fmt.Sprintf("no part %d: the run has 6", k); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
	for range p.Chunk(2) { // to stop early leaves nothing open
		break
	}
}

func TestLimit(t *testing.T) {
	one, two, three := writeList(t, "one", "a.com\nbad name\nb.com\n"), writeList(t, "two", "c.com\nd.com\n"),
		writeList(t, "three", "bad name\n")
	for limit, want := range map[int64][]string{
		1: {"1:a.com"}, 2: {"1:a.com"}, 3: {"1:a.com", "3:b.com"}, 4: {"1:a.com", "3:b.com", "4:c.com"},
	} {
		p, err := Prepare(t.Context(), PrepareConfig{Dir: t.TempDir(), Lists: []List{{one}, {two}, {three}}, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, p); !slices.Equal(got, want) || p.Entries != limit {
			t.Errorf("limit %d: %q of %d entries, want %q", limit, got, p.Entries, want)
		}
		if p.Inputs[2].SHA256 == "" || p.Inputs[2].Bytes != 9 {
			t.Errorf("limit %d: a list that is not reached has no sum: %+v", limit, p.Inputs[2])
		}
	}
}

// listOf writes a list.
func listOf(t *testing.T, name, data string) (path string, octets int64) {
	t.Helper()
	path = writeList(t, name, data)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, info.Size()
}

// Each stage reports its progress.
func TestProgress(t *testing.T) {
	one, first := listOf(t, "one", noise(1000))
	two, second := listOf(t, "two", gzipOf(t, noise(2000)))
	var reported []Progress
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{one}, {two}}, Disk: quick(), Progress: func(p Progress) {
		if n := len(reported); n > 0 && reported[n-1].Stage == p.Stage {
			if last := reported[n-1]; p.Done < last.Done || p.Entries < last.Entries || p.Total != last.Total {
				t.Errorf("%+v after %+v", p, last)
			}
			reported = reported[:n-1]
		}
		reported = append(reported, p)
	}}
	plan, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	parts := int64(plan.Parts)
	lists := Progress{Stage: StageRead, Done: first + second, Total: first + second, Entries: plan.Entries}
	want := []Progress{
		{Stage: StageWait}, lists, {Stage: StageRepeats, Entries: plan.Entries},
		{Stage: StageWrite, Done: parts - 1, Total: parts, Entries: plan.Entries},
	}
	if !slices.Equal(reported, want) {
		t.Errorf("reported %+v, want %+v", reported, want)
	}

	reported, lists.Entries = nil, 0
	if _, err := Prepare(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if want := []Progress{{Stage: StageCheck, Done: parts - 1, Total: parts}, lists}; !slices.Equal(reported, want) {
		t.Errorf("prepared before: reported %+v, want %+v", reported, want)
	}

	reported = nil
	cfg.Dir, cfg.Lists, cfg.Stdin = t.TempDir(), []List{{one}, {"-"}}, strings.NewReader("a.com\n")
	if plan, err = Prepare(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if want := (Progress{Stage: StageRead, Done: first + 6, Entries: plan.Entries}); len(reported) < 2 ||
		reported[1] != want {
		t.Errorf("standard input: reported %+v, want %+v", reported, want)
	}
}

// A zip archive is read whole before its first entry; from then on, entries are the progress.
func TestProgressOfArchive(t *testing.T) {
	list, octets := listOf(t, "list.zip", zipOf(t, "list", strings.Repeat("a.com\n", 3*reportEvery)))
	var entries []int64
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, Disk: quick(), Progress: func(p Progress) {
		if p.Stage == StageRead && p.Done == octets && p.Entries > 0 {
			entries = append(entries, p.Entries)
		}
	}}
	if _, err := Prepare(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if want := []int64{reportEvery, 2 * reportEvery, 3 * reportEvery}; !slices.Equal(slices.Compact(entries), want) {
		t.Errorf("reported after %d entries, want %d", entries, want)
	}
}

// Every entry is accounted for, and what memory cannot hold changes nothing.
func TestConservation(t *testing.T) {
	word := rapid.OneOf(
		rapid.SampledFrom([]string{"a.com", "A.com.", "b.com", "b.org", "bücher.de", "xn--bcher-kva.de", "optout.com",
			"x.optout.com", "com", "192.0.2.1", "", "# no", "a b", "domain", "1", "\"", "NS"}),
		rapid.StringMatching(`[ab]{1,2}\.(com|net)`),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
	)
	separator := rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", "\r", ",", " ", "\t", ";", "\x00"})
	exclude, err := parseExclusions("x", strings.NewReader("optout.com\n"))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var lists []List
		for range rapid.IntRange(1, 2).Draw(rt, "lists") {
			var text strings.Builder
			text.WriteString("first.com\n")
			for range rapid.IntRange(0, 30).Draw(rt, "words") {
				text.WriteString(word.Draw(rt, "word"))
				text.WriteString(separator.Draw(rt, "separator"))
			}
			lists = append(lists, List{writeList(t, "list", text.String())})
		}
		cfg := PrepareConfig{
			Dir: t.TempDir(), Lists: lists, Exclude: exclude, Disk: quick(),
			Limit:    rapid.SampledFrom([]int64{0, 0, 5, 20}).Draw(rt, "limit"),
			PartSize: rapid.SampledFrom([]int64{0, 1, 7}).Draw(rt, "part size"),
		}
		p, err := Prepare(t.Context(), cfg)
		if err != nil {
			rt.Fatal(err)
		}
		// The counts, computed from the results.
		all, rejects := names(t, p), rejectLines(t, cfg.Dir)
		excluded := int64(0)
		ranks := make(map[int64]bool)
		for _, r := range rejects {
			if r.Reason == ReasonExcluded {
				excluded++
			}
			ranks[r.Rank] = true
		}
		seen := make(map[string]bool)
		for _, s := range all {
			rank, name, _ := strings.Cut(s, ":")
			if seen[name] {
				rt.Fatalf("%s comes twice", name)
			}
			seen[name] = true
			var n int64
			fmt.Sscan(rank, &n)
			if ranks[n] {
				rt.Fatalf("rank %d comes twice", n)
			}
			ranks[n] = true
		}
		c := p.Counts
		if int64(len(all)) != c.Names || int64(len(rejects)) != c.Rejected+c.Excluded || excluded != c.Excluded ||
			c.Entries-int64(len(ranks)) != c.Duplicates || c.Entries != c.Rejected+c.Excluded+c.Duplicates+c.Names {
			rt.Fatalf("%d names, %d rejects, %d excluded, %d ranks: %+v", len(all), len(rejects), excluded, len(ranks), c)
		}
		// The same, spilled to disk.
		spilled := cfg
		spilled.Dir, spilled.MemoryBudget = t.TempDir(), 1
		q, err := Prepare(t.Context(), spilled)
		if err != nil {
			rt.Fatal(err)
		}
		if !slices.Equal(names(t, q), all) || q.SHA256() != p.SHA256() {
			rt.Fatal("with another memory budget there are other names")
		}
	})
}

// A name is one name in whatever form a list has it, and underscores are for zones.
func TestPrepareOneNameInSeveralForms(t *testing.T) {
	zone := writeList(t, "zone", "bücher.de. NS x.\n_a.b_c.de. NS x.\nXN\\045\\0457BA2C.de. NS x.\n")
	plain := writeList(t, "plain", "xn--bcher-kva.de\nBÜCHER.de\nxn--7ba2c.de\n_a.b_c.de\n")
	p, err := Prepare(t.Context(), PrepareConfig{Dir: t.TempDir(), Lists: []List{{Path: zone}, {Path: plain}}})
	if err != nil {
		t.Fatal(err)
	}
	kept := []string{"1:xn--bcher-kva.de", "2:_a.b_c.de", "3:xn--7ba2c.de"}
	if got, want := names(t, p), kept; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if want := (Counts{Entries: 7, Rejected: 1, Duplicates: 3, Names: 3}); p.Counts != want {
		t.Errorf("counts %+v, want %+v", p.Counts, want)
	}
}

// The plan says which files of an archive were left out: the first of them, printable.
func TestPrepareLeftOut(t *testing.T) {
	members := []string{"list", "a.com\n", ".\x1b", ""}
	for i := range 22 {
		members = append(members, fmt.Sprintf("__MACOSX/%d", i), "")
	}
	archive, plain := writeList(t, "list.zip", zipOf(t, members...)), writeList(t, "list", "b.com\n")
	dir := t.TempDir()
	if _, err := Prepare(t.Context(), PrepareConfig{Dir: dir, Lists: []List{{archive}, {plain}}}); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPlan(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := p.Inputs[0].LeftOut
	if len(got) != 21 || got[0] != `.\u001b` || got[1] != "__MACOSX/0" || got[20] != "and 3 more" {
		t.Errorf("left out %q", got)
	}
	if p.Inputs[1].LeftOut != nil {
		t.Errorf("left out of a plain list: %q", p.Inputs[1].LeftOut)
	}
}
