package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// A survey is a run directory that a test changes before it is written.
type survey struct {
	dir    string
	shards int
	plan   *domains.Plan
	rows   [][]*output.Row // by part
	edit   func(m *output.Manifest)
	lose   map[int]bool  // parts that are not written
	late   map[int]int64 // names that a part says were excluded late
	infos  []output.PartInfo
}

const (
	entries  = 200
	partSize = 100
)

// newSurvey is a survey without problems: of 200 entries, one is rejected and two are duplicates.
func newSurvey(t *testing.T) *survey {
	t.Helper()
	s := &survey{dir: t.TempDir(), shards: 1, lose: make(map[int]bool), edit: func(*output.Manifest) {}}
	var list strings.Builder
	for i := range entries {
		switch i {
		case 7:
			list.WriteString("192.0.2.1\n")
		case 70, 150:
			list.WriteString("name000.example.com\n")
		default:
			fmt.Fprintf(&list, "name%03d.example.com\n", i)
		}
	}
	path := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	plan, err := domains.Prepare(context.Background(),
		domains.PrepareConfig{Dir: s.dir, Lists: []domains.List{{Path: path}}, PartSize: partSize})
	if err != nil {
		t.Fatal(err)
	}
	s.plan = plan
	for k := range plan.Parts {
		var rows []*output.Row
		for name, err := range plan.Chunk(k) {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, newRow(name))
		}
		s.rows = append(s.rows, rows)
	}
	return s
}

// write writes parts and manifests.
func (s *survey) write(t *testing.T) {
	t.Helper()
	dataset, err := output.Open(s.dir, output.Identity{Input: s.plan.SHA256()})
	if err != nil {
		t.Fatal(err)
	}
	for shard := range s.shards {
		m := &output.Manifest{
			Status: output.StatusComplete,
			Plan:   output.Plan{SHA256: s.plan.SHA256(), PartSize: s.plan.PartSize, Parts: s.plan.Parts},
		}
		if s.shards > 1 {
			m.Shard = &output.Shard{Index: shard, Of: s.shards}
		}
		for _, in := range s.plan.Inputs {
			m.Inputs = append(m.Inputs, output.Input{Name: in.Name, SHA256: in.SHA256, Bytes: in.Bytes, Entries: in.Entries,
				Rejected: in.Rejected, Excluded: in.Excluded, Duplicates: in.Duplicates, Skipped: in.Skipped, Names: in.Names})
		}
		for k, rows := range s.rows {
			if k%s.shards != shard || s.lose[k] {
				continue
			}
			first, last := s.plan.Ranks(k)
			p, err := dataset.Create(k, first, last)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				if err := p.Write([]output.Row{*row}); err != nil {
					t.Fatal(err)
				}
			}
			p.ExcludeLate(s.late[k])
			info, err := p.Commit()
			if err != nil {
				t.Fatal(err)
			}
			m.Parts = append(m.Parts, info)
			m.Counts.Merge(info.Counts)
			m.ExcludedLate += info.ExcludedLate
		}
		s.edit(m)
		if err := m.Write(s.dir); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *survey) path(k int) string { return filepath.Join(s.dir, output.PartName(k)) }

// texts are what the domains of the test publish, by rank.
func texts(rank int64) (txt []string, policy string) {
	const good = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n"
	switch rank % 8 {
	case 1:
		return []string{"v=STSv1; id=1;"}, good
	case 2:
		return []string{"v=STSv1; id=1;;", "other"}, good + "\n"
	case 3:
		return []string{"v=STSv1; id=1;"}, strings.Replace(good, "enforce", "perhaps", 1)
	case 4:
		return []string{"v=STSv1; id=1;", "v=STSv1; id=2;"}, ""
	case 5:
		return []string{"v=STSv1; id=-;"}, ""
	case 6:
		return []string{"v=spf1 -all"}, ""
	}
	return nil, ""
}

// newRow is what a scan would write.
func newRow(name domains.Name) *output.Row {
	row := &output.Row{
		Domain: name.Domain, Rank: name.Rank, List: name.List, TLD: "com", Tags: name.Tags,
		Policy: string(codes.PolicyNotFetched), ObservedAt: time.Unix(1795440000, 0).UTC(), Rcode: "NOERROR",
	}
	txts, policy := texts(name.Rank)
	if txts == nil {
		row.Record, row.RecordReason, row.Error, row.Rcode = "absent", "nxdomain", "ErrNoRecord", "NXDOMAIN"
		row.SetZoneName("example.com")
		row.TXTCount = new(int32(0))
		return row
	}
	for _, txt := range txts {
		row.TXT = append(row.TXT, []byte(txt))
	}
	row.TXTCount = new(int32(len(txts)))
	r := mtasts.ReadRecords(txts)
	row.Record, row.RecordReason, row.RecordID = string(r.Class), string(r.Reason), r.Record.ID
	row.Error = string(mtasts.Sentinel(r.Err))
	if r.Class == codes.RecordAbsent {
		return row
	}
	row.Strict, row.Lenient = new(r.Strict), new(r.Lenient)
	if r.Class != codes.RecordValid {
		return row
	}
	row.HTTPStatus = new(int32(200))
	row.PolicyText, row.BodyBytes = []byte(policy), new(int64(len(policy)))
	sum := sha256.Sum256(row.PolicyText)
	row.PolicySHA256 = hex.EncodeToString(sum[:])
	p := mtasts.ReadPolicy(row.PolicyText)
	row.Policy, row.PolicyReason, row.Error = string(codes.PolicyValid), string(p.Reason), string(mtasts.Sentinel(p.Err))
	if p.Err != nil {
		row.Policy, row.PolicyStage, row.TLSRPTResult = string(codes.PolicyInvalid), string(codes.StageSyntax),
			string(codes.TLSRPTPolicyInvalid)
	}
	row.Mode, row.MaxAge = string(p.Policy.Mode), new(p.Policy.MaxAge)
	for _, pattern := range p.Policy.MX {
		row.MXPatterns = append(row.MXPatterns, string(pattern))
	}
	row.Strict, row.Lenient = new(r.Strict && p.Strict), new(r.Lenient && p.Lenient)
	return row
}
