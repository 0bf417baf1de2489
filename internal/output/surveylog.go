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

	"stsscan/internal/durable"
)

// A SurveyLog keeps the rows of surveys of a part that is being written, and which other surveys have begun to ask
// for a policy: after a kill, the next process does not ask the same Policy Hosts again too soon (RFC 8461, section
// 3.3). It is removed when the part is whole.
//
// It survives the process, but not the machine: nothing in it is synced. It ends at the first entry that was cut
// short or damaged: then each name without a row counts as asked just before the log was opened. Its methods may be
// called from several goroutines.
type SurveyLog struct {
	path string
	disk durable.Disk

	mu      sync.Mutex
	file    *os.File
	size    int64
	rows    map[int64]entryRange // of the rows that were found in the log, by rank
	begun   map[int64]time.Time  // surveys that were found in the log without a row
	damaged bool
}

// An entryRange is where an entry is in the log.
type entryRange struct {
	offset int64
	length int
}

// An entry of the log is its length and CRC-32C, in four octets each, then JSON. The first one is a list of texts
// that identify the log.
type entry struct {
	Rank  int64      `json:"rank"`            // 0: all names without an entry of their own
	Begun *time.Time `json:"begun,omitempty"` // the policy is asked for
	Row   *Row       `json:"row,omitempty"`   // the survey is done
}

const (
	entryHead = 8
	maxEntry  = 8 << 20 // of JSON, which writes some octets as six: the largest row is smaller
)

// Log opens the log of part k, which replaces the file with the SHA-256 base; "": there is no file. What an earlier
// process left in it for the same part and base is kept, anything else is dropped. now is when the names of lost
// entries count as asked. The log must be closed or removed.
func (d *Dataset) Log(k int, base string, now time.Time) (*SurveyLog, error) {
	l := &SurveyLog{path: d.logPath(k), disk: d.Disk, rows: make(map[int64]entryRange), begun: make(map[int64]time.Time)}
	if err := d.Disk.Permitted(); err != nil {
		return nil, fmt.Errorf("%s: %w", l.path, err)
	}
	_, err := os.Lstat(l.path)
	there := err == nil
	if l.file, err = os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, err
	}
	head, err := json.Marshal([]string{"stsscan surveys", SchemaVersion, d.id.Input, d.id.Config, PartName(k), base})
	if err == nil {
		err = l.open(framed(head), there)
	}
	if err == nil && l.damaged {
		err = l.noteLoss(now)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", l.path, err), l.file.Close())
	}
	return l, nil
}

// LogLost notes in the log of part k that the file of the part is lost or damaged, so that none of its policies is
// asked for too soon. An earlier note stays.
func (d *Dataset) LogLost(k int, now time.Time) error {
	l, err := d.Log(k, "", now)
	if err != nil {
		return err
	}
	if _, noted := l.begun[0]; !noted {
		err = l.noteLoss(now)
	}
	return errors.Join(err, l.Close())
}

// noteLoss notes that names without an entry may have been asked.
func (l *SurveyLog) noteLoss(now time.Time) error {
	l.begun[0] = now
	return l.append(entry{Begun: &now})
}

// Damaged reports whether the log was damaged when it was opened.
func (l *SurveyLog) Damaged() bool { return l.damaged }

// RemoveLog removes the log of part k, if there is one.
func (d *Dataset) RemoveLog(k int) error {
	return d.Disk.Remove(d.logPath(k))
}

// LogTakenOver takes over the log of part k, for the base of [Dataset.Log], from a process on another machine. What
// that one did up to now may not have reached the file, so no policy is asked for too soon. If it is alive after all,
// and goes on, it has another file.
func (d *Dataset) LogTakenOver(k int, base string, now time.Time) error {
	if err := d.copyLog(k); err != nil {
		return err
	}
	l, err := d.Log(k, base, now)
	if err != nil {
		return err
	}
	return errors.Join(l.noteLoss(now), l.Close())
}

// copyLog puts a copy in the place of the log of part k, if there is one.
func (d *Dataset) copyLog(k int) error {
	old, err := os.Open(d.logPath(k))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file, err := d.Disk.Create(d.logPath(k))
	if err != nil {
		return durable.JoinErrors(err, old.Close())
	}
	if _, err = io.Copy(file, old); err == nil {
		return durable.JoinErrors(file.Commit(nil), old.Close())
	}
	return durable.JoinErrors(err, errors.Join(file.Abort(), old.Close()))
}

func (d *Dataset) logPath(k int) string { return filepath.Join(d.dir, logName(k)) }

// open reads the entries, and cuts off what follows them.
func (l *SurveyLog) open(head []byte, there bool) error {
	r := bufio.NewReader(l.file)
	was, err := readFrame(r)
	if l.size = int64(len(head)); err != nil || string(framed(was)) != string(head) {
		l.damaged = there && err != nil // no log, or that of something else
		if err := l.file.Truncate(0); err != nil {
			return err
		}
		_, err := l.file.WriteAt(head, 0)
		return err
	}
	for {
		e, n, err := readEntry(r)
		if err != nil {
			l.damaged = err != io.EOF
			break
		}
		if e.Row != nil {
			l.rows[e.Rank] = entryRange{l.size, n}
			delete(l.begun, e.Rank)
		} else if e.Begun != nil {
			l.begun[e.Rank] = *e.Begun
		}
		l.size += int64(n)
	}
	return l.file.Truncate(l.size)
}

// readEntry reads the next entry, and gives its octets.
func readEntry(r io.Reader) (e entry, n int, err error) {
	data, err := readFrame(r)
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	return e, entryHead + len(data), err
}

// readFrame reads the JSON of the next entry; io.EOF is the end of a whole log.
func readFrame(r io.Reader) ([]byte, error) {
	var head [entryHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > maxEntry {
		return nil, ErrDamaged
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(r, data); err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	if crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, ErrDamaged
	}
	return data, nil
}

// framed is an entry with its length and checksum.
func framed(data []byte) []byte {
	line := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	line = binary.LittleEndian.AppendUint32(line, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
	return append(line, data...)
}

// Found is the row that an earlier process has logged for a name; nil: none.
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

// Lost is when an earlier process began, or may have begun, to ask for the policy of a name without logging its row;
// ok is false where it did not.
func (l *SurveyLog) Lost(rank int64) (at time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok = l.begun[rank]
	if all, lost := l.begun[0]; lost && all.After(at) {
		return all, true
	}
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
	line := framed(data)
	if err := l.disk.Permitted(); err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil // the part is whole, or given up
	}
	n, err := l.file.WriteAt(line, l.size)
	l.size += int64(n)
	return err
}

// Close keeps the log for the next process.
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
func (l *SurveyLog) Remove() error { return errors.Join(l.Close(), l.disk.Remove(l.path)) }
