package output

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// magic begins and ends a Parquet file.
const magic = "PAR1"

// A sink is the file with what was written to it so far.
type sink struct {
	to     *bufio.Writer
	offset int64
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.to.Write(b)
	s.offset += int64(n)
	return n, err
}

// EndGroups writes the row groups that are not written yet, and lets go of their
// memory: of a part that waits for its last rows, while many others are written. Rows that
// come later begin groups of their own.
func (p *Part) EndGroups() error {
	if p.err == nil {
		p.err = p.endGroups()
	}
	return p.err
}

func (p *Part) endGroups() error {
	if p.denials != nil {
		if p.denials.rows > 0 {
			if err := p.endDenials(); err != nil {
				return err
			}
		}
		p.layout.spare.Put(p.denials)
		p.denials = nil
	}
	if p.full != nil {
		groups, err := p.full.close()
		if err != nil {
			return p.wrap(err)
		}
		p.groups = append(p.groups, groups...)
		p.full = nil
	}
	return nil
}

// close writes the row groups that are not written yet, and the footer.
func (p *Part) close() error {
	if err := p.endGroups(); err != nil {
		return err
	}
	p.info.Pending = p.info.Counts.Provisional()
	footer, err := p.footer()
	if err != nil {
		return p.wrap(err)
	}
	length := len(footer)
	footer = append(binary.LittleEndian.AppendUint32(footer, uint32(length)), magic...)
	if err := p.sink.to.Flush(); err != nil { // so that all before the footer is hashed
		return p.wrap(err)
	}
	if err := putChecksum(footer, p.sum); err != nil {
		return p.wrap(err)
	}
	if _, err := p.sink.Write(footer); err != nil {
		return p.wrap(err)
	}
	return p.wrap(p.sink.to.Flush())
}

// footer is the file's metadata.
func (p *Part) footer() ([]byte, error) {
	counts, err := json.Marshal(p.info.Counts)
	if err != nil {
		return nil, err
	}
	meta := p.layout.footer
	meta.NumRows = p.info.Counts.Rows
	meta.RowGroups = p.groups
	for i := range p.groups {
		p.groups[i].Ordinal = int16(i)
	}
	meta.CreatedBy = fmt.Sprintf("stsscan version %s(build )", p.id.Version)
	meta.KeyValueMetadata = thrift.Slice[format.KeyValue]{
		{Key: keyChecksum, Value: noChecksum},
		{Key: keySchema, Value: SchemaVersion},
		{Key: keyInput, Value: p.info.Input},
		{Key: keyConfig, Value: p.info.Config},
		{Key: keyRun, Value: p.id.Run},
		{Key: keyPart, Value: strconv.Itoa(p.info.Part)},
		{Key: keyFirstRank, Value: strconv.FormatInt(p.info.FirstRank, 10)},
		{Key: keyLastRank, Value: strconv.FormatInt(p.info.LastRank, 10)},
		{Key: keyRows, Value: strconv.FormatInt(p.info.Counts.Rows, 10)},
		{Key: keyPending, Value: strconv.FormatInt(p.info.Pending, 10)},
		{Key: keyCounts, Value: string(counts)},
	}
	if n := p.info.Rewrite; n > 0 {
		rewrite := format.KeyValue{Key: keyRewrite, Value: strconv.FormatInt(n, 10)}
		meta.KeyValueMetadata = append(meta.KeyValueMetadata, rewrite)
	}
	if since := p.info.PendingSince; since != nil {
		meta.KeyValueMetadata = append(meta.KeyValueMetadata, format.KeyValue{Key: keySince, Value: since.Format(time.RFC3339)})
	}
	if late := p.info.ExcludedLate; late > 0 {
		excluded := format.KeyValue{Key: keyLate, Value: strconv.FormatInt(late, 10)}
		meta.KeyValueMetadata = append(meta.KeyValueMetadata, excluded)
	}
	slices.SortFunc(meta.KeyValueMetadata, func(a, b format.KeyValue) int { return cmp.Compare(a.Key, b.Key) })
	return thrift.Marshal(new(thrift.CompactProtocol), &meta)
}
