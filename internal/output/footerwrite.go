package output

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/filesum"
)

// encodeFooter makes the end of a part, from its metadata on. The place of the checksum is still empty. meta is that
// of the layout.
func encodeFooter(meta format.FileMetaData, id Identity, info *PartInfo, groups []format.RowGroup) ([]byte, error) {
	for i := range groups {
		groups[i].Ordinal = int16(i)
	}
	meta.NumRows = info.Counts.Rows
	meta.RowGroups = groups
	meta.CreatedBy = fmt.Sprintf("stsscan version %s(build )", id.Version)
	var err error
	if meta.KeyValueMetadata, err = footerValues(id, info); err != nil {
		return nil, err
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		return nil, err
	}
	return append(binary.LittleEndian.AppendUint32(footer, uint32(len(footer))), filesum.Magic...), nil
}

// footerValues are the values of the footer, sorted by key.
func footerValues(id Identity, info *PartInfo) ([]format.KeyValue, error) {
	counts, err := json.Marshal(info.Counts)
	if err != nil {
		return nil, err
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	values := []format.KeyValue{
		{Key: keyChecksum, Value: filesum.None},
		{Key: keySchema, Value: SchemaVersion},
		{Key: keyInput, Value: info.Input},
		{Key: keyConfig, Value: info.Config},
		{Key: keyRun, Value: info.Run},
		{Key: keyPart, Value: strconv.Itoa(info.Part)},
		{Key: keyFirstRank, Value: number(info.FirstRank)},
		{Key: keyLastRank, Value: number(info.LastRank)},
		{Key: keyRows, Value: number(info.Counts.Rows)},
		{Key: keyPending, Value: number(info.Pending)},
		{Key: keyCounts, Value: string(counts)},
	}
	if info.Rewrite > 0 {
		values = append(values, format.KeyValue{Key: keyRewrite, Value: number(info.Rewrite)})
	}
	if info.PendingSince != nil {
		values = append(values, format.KeyValue{Key: keySince, Value: info.PendingSince.Format(time.RFC3339)})
	}
	if info.ExcludedLate > 0 {
		values = append(values, format.KeyValue{Key: keyLate, Value: number(info.ExcludedLate)})
	}
	slices.SortFunc(values, func(a, b format.KeyValue) int { return cmp.Compare(a.Key, b.Key) })
	return values, nil
}
