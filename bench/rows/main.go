// Command rows writes a finished run without a scan: a row for each name on standard input, with the shares of records,
// policies and faults that a list of popular domains has. It is for measuring what reads runs.
//
//	go run ./bench/names -n 10000000 | go run ./bench/rows -o run
//
// The same names and flags give the same rows. Of another night, one domain in fifty with a record is different.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"stsscan/internal/output"
	"stsscan/internal/suffixes"
)

// partSize is that of long lists.
const partSize = 1 << 19

func main() {
	dir := flag.String("o", "", "`directory` for the run, a new one")
	night := flag.Int("night", 0, "`number` of the night")
	teams := flag.Int("teams", 0, "`number` of teams, one of which each row has as its tag team; 0: no tags")
	flag.Parse()
	if err := run(os.Stdin, *dir, *night, *teams); err != nil {
		fmt.Fprintln(os.Stderr, "rows:", err)
		os.Exit(1)
	}
}

func run(names io.Reader, dir string, night, teams int) error {
	if dir == "" {
		return errors.New("-o is required")
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	began := time.Date(2026, 11, 29, 2, 10, 0, 0, time.UTC).AddDate(0, 0, night)
	id := output.Identity{
		Input: strings.Repeat("ab", 32), Run: began.Format("20060102T150405Z") + "-00000000", Version: "bench/rows",
	}
	data, err := output.Open(dir, id)
	if err != nil {
		return err
	}
	made := &maker{night: night, teams: teams, began: began, suffixes: suffixes.NewList()}
	manifest := &output.Manifest{
		Run: id.Run, Version: id.Version, Status: output.StatusComplete, StartedAt: began,
		Config: map[string]string{"mx": "all"},
		Plan:   output.Plan{SHA256: id.Input, PartSize: partSize},
	}
	lines := bufio.NewScanner(names)
	for k := 0; ; k++ {
		info, err := writePart(data, k, lines, made)
		if err != nil {
			return err
		}
		if info.Rows == 0 {
			break
		}
		manifest.Parts = append(manifest.Parts, info)
		manifest.Counts.Merge(info.Counts)
	}
	rows := manifest.Counts.Rows
	manifest.Plan.Parts = len(manifest.Parts)
	manifest.Inputs = []output.Input{{Name: listName, SHA256: id.Input, Format: "plain", Entries: rows, Names: rows}}
	manifest.EndedAt = new(began.Add(time.Hour))
	return manifest.Write(dir)
}

// writePart writes the next part, unless there are no more names: it has no rows then, and no file. Answers come in
// another order than the questions were asked in.
func writePart(data *output.Dataset, k int, lines *bufio.Scanner, made *maker) (info output.PartInfo, err error) {
	var names []string
	for len(names) < partSize && lines.Scan() {
		names = append(names, lines.Text())
	}
	if err := lines.Err(); err != nil || len(names) == 0 {
		return info, err
	}
	first := int64(k)*partSize + 1
	part, err := data.Create(k, first, first+int64(len(names))-1)
	if err != nil {
		return info, err
	}
	for begin := 0; begin < len(names); begin += 4096 {
		for i := range 4096 {
			if j := begin + i*1597&4095; j < len(names) && err == nil {
				err = made.write(part, names[j], first+int64(j))
			}
		}
	}
	if err != nil {
		return info, errors.Join(err, part.Abort())
	}
	return part.Commit()
}

// listName is the list that each row names.
const listName = "names.txt"

// A maker makes rows.
type maker struct {
	night, teams int
	began        time.Time
	suffixes     *suffixes.List
}

// write makes the row of a name. Without tags, one without a record is a denial.
func (m *maker) write(part *output.Part, name string, rank int64) error {
	r := m.base(name, rank)
	random := source(uint64(rank))
	record := random.below(1000) < 7
	if record && random.below(50) == 0 {
		random += source(m.night) // this domain is another every night, and without a record in one of four
		record = random.below(4) > 0
	}
	if record {
		surveyed(r, &random)
		return part.Write([]output.Row{*r})
	}
	denied(r, &random)
	if r.Tags != nil {
		return part.Write([]output.Row{*r})
	}
	return part.WriteDenial(&output.Denial{
		Domain: r.Domain, Rank: r.Rank, List: r.List, TLD: r.TLD, RegisteredLabels: r.RegisteredLabels, Record: r.Record,
		RecordReason: r.RecordReason, Error: r.Error, TXTCount: r.TXTCount, ZoneLabels: r.ZoneLabels, Rcode: r.Rcode,
		Authenticated: r.Authenticated, Resolver: r.Resolver, Attempts: r.Attempts, LookupMS: r.LookupMS,
		Policy: r.Policy, Verdict: r.Verdict, ObservedAt: r.ObservedAt, Pass: r.Pass,
	})
}

func (m *maker) base(name string, rank int64) *output.Row {
	r := &output.Row{
		Domain: name, Rank: rank, List: listName, TLD: name[strings.LastIndexByte(name, '.')+1:],
		TXTCount: new(int32(0)), Rcode: "NOERROR", Authenticated: new(false), Resolver: "192.0.2.53:53", Attempts: 1,
		LookupMS: int32(20 + rank%50), Policy: "not_fetched", ObservedAt: m.began.Add(time.Duration(rank/3000) * time.Second),
		Pass: 1,
	}
	r.SetRegisteredDomain(m.suffixes.RegisteredDomain(name))
	if m.teams > 0 {
		r.Tags = map[string]string{"team": "team" + strconv.Itoa(int(rank)%m.teams)}
	}
	return r
}
