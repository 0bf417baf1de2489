package output

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A SurveyLog keeps what surveys of a part that is being written have found, and
// which of them have begun to ask for a policy: after a kill, the next process
// need not ask the same Policy Hosts again so soon (RFC 8461, section 3.3). It is
// removed when the part is whole.
//
// It survives the process, and not the machine: nothing in it is synced. An
// entry that was cut short ends it, and so does any that was damaged. Its methods
// may be called from several goroutines.
type SurveyLog struct {
	path string

	mu    sync.Mutex
	file  *os.File
	size  int64
	rows  map[int64]place     // of the rows that were found in the log, by rank
	begun map[int64]time.Time // surveys that were found in the log without a row
}

// A place is where an entry stands in the log.
type place struct {
	offset int64
	length int
}

// An entry of the log: its length and CRC-32C in four octets each, then JSON.
type entry struct {
	Rank  int64      `json:"rank"`
	Begun *time.Time `json:"begun,omitempty"` // the policy is asked for
	Row   *Row       `json:"row,omitempty"`   // the survey is done
}

const (
	entryHead = 8
	maxEntry  = 8 << 20 // of JSON, which writes some octets as six: a row with all that it may hold is smaller
)

// Log opens the log of part k, which replaces the file with the SHA-256 base, ""
// where there is none. What a process before left in it for the same part and
// base is kept, anything else dropped. The log must be closed or removed.
func (d *Dataset) Log(k int, base string) (*SurveyLog, error) {
	l := &SurveyLog{path: d.logPath(k), rows: make(map[int64]place), begun: make(map[int64]time.Time)}
	var err error
	if l.file, err = os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, err
	}
	head, err := json.Marshal([]string{"stsscan surveys", SchemaVersion, d.id.Input, d.id.Config, PartName(k), base})
	if err == nil {
		err = l.open(append(head, '\n'))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", l.path, err), l.file.Close())
	}
	return l, nil
}

// RemoveLog removes the log of part k, if there is one.
func (d *Dataset) RemoveLog(k int) error {
	if err := os.Remove(d.logPath(k)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d *Dataset) logPath(k int) string {
	return filepath.Join(d.dir, fmt.Sprintf(".surveys-%06d.log", k))
}

// open reads what is there, and cuts off what is no entry.
func (l *SurveyLog) open(head []byte) error {
	r := bufio.NewReader(l.file)
	was := make([]byte, len(head))
	if _, err := io.ReadFull(r, was); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if string(was) != string(head) {
		if err := l.file.Truncate(0); err != nil {
			return err
		}
		_, err := l.file.WriteAt(head, 0)
		l.size = int64(len(head))
		return err
	}
	l.size = int64(len(head))
	for {
		e, n, err := readEntry(r)
		if err != nil {
			break // here the log ends
		}
		if e.Row != nil {
			l.rows[e.Rank] = place{l.size, n}
			delete(l.begun, e.Rank)
		} else if e.Begun != nil {
			l.begun[e.Rank] = *e.Begun
		}
		l.size += int64(n)
	}
	return l.file.Truncate(l.size)
}

// readEntry reads the next entry, and says how many octets it takes.
func readEntry(r io.Reader) (e entry, n int, err error) {
	var head [entryHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return e, 0, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > maxEntry {
		return e, 0, ErrDamaged
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(r, data); err != nil {
		return e, 0, err
	}
	if crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(head[4:]) {
		return e, 0, ErrDamaged
	}
	return e, entryHead + int(length), json.Unmarshal(data, &e)
}

// Found is the row that a process before has logged for a name; nil where it has
// none.
func (l *SurveyLog) Found(rank int64, domain string) (*Row, error) {
	l.mu.Lock()
	at, ok := l.rows[rank]
	l.mu.Unlock()
	if !ok {
		return nil, nil
	}
	e, _, err := readEntry(io.NewSectionReader(l.file, at.offset, int64(at.length)))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", l.path, err)
	case e.Row.Domain != domain:
		return nil, nil
	}
	return e.Row, nil
}

// Lost is when a process before has begun to ask for the policy of a name whose
// row it did not log; ok is false where it has not.
func (l *SurveyLog) Lost(rank int64) (at time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok = l.begun[rank]
	return at, ok
}

// Begin logs that the policy of a name is asked for.
func (l *SurveyLog) Begin(rank int64, at time.Time) error {
	return l.append(entry{Rank: rank, Begun: &at})
}

// Done logs a row.
func (l *SurveyLog) Done(row *Row) error { return l.append(entry{Rank: row.Rank, Row: row}) }

func (l *SurveyLog) append(e entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	line := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	line = binary.LittleEndian.AppendUint32(line, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	line = append(line, data...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil // the part is whole, or given up
	}
	n, err := l.file.WriteAt(line, l.size)
	l.size += int64(n)
	return err
}

// Close keeps the log for a process to come.
func (l *SurveyLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// Remove removes the log: the part is whole.
func (l *SurveyLog) Remove() error { return errors.Join(l.Close(), os.Remove(l.path)) }
