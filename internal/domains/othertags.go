package domains

import (
	"bufio"
	"encoding/binary"
	"errors"
	"path/filepath"

	"stsscan/internal/durable"
)

// DuplicatesFile is the file in the run directory that lists, as JSON lines in the order of the lists, the duplicates
// whose tags differ from those of the entry that became the row. A duplicate without tags is not among them. Where
// there are none, there is no file.
const DuplicatesFile = "duplicates.jsonl"

// A DuplicateLine is one line of [DuplicatesFile].
type DuplicateLine struct {
	Domain string            `json:"domain"` // in A-labels
	List   string            `json:"list"`   // as the user named it
	Line   int64             `json:"line"`   // 1-based
	Tags   map[string]string `json:"tags"`   // without empty ones
	First  Place             `json:"first"`  // the entry that became the row
}

// A Place is where an entry stands.
type Place struct {
	List string `json:"list"` // as the user named it
	Line int64  `json:"line"` // 1-based
}

// otherTags writes [DuplicatesFile]. On disk it keeps two numbers for each entry meanwhile: its line, and the rank of
// the entry that became the row if that has other tags. Memory does not grow with the list. Nil: there are no tags.
type otherTags struct {
	disk   durable.Disk
	plan   *Plan
	lines  *rankFile
	added  *bufio.Writer // to lines
	firsts *rankFile
	file   *jsonLines // nil: there was no such duplicate so far
}

// createOtherTags makes an otherTags whose temporary files have paths that begin with temp.
func createOtherTags(disk durable.Disk, plan *Plan, temp string) (*otherTags, error) {
	lines, err := createRankFile(temp + "lines")
	if err != nil {
		return nil, err
	}
	firsts, err := createRankFile(temp + "firsts")
	if err != nil {
		return nil, durable.JoinErrors(err, lines.close())
	}
	return &otherTags{disk: disk, plan: plan, lines: lines, added: bufio.NewWriterSize(lines.file, 64<<10),
		firsts: firsts}, nil
}

// addLine notes the line of the next entry.
func (o *otherTags) addLine(line int64) error {
	if o == nil {
		return nil
	}
	_, err := o.added.Write(binary.LittleEndian.AppendUint64(o.added.AvailableBuffer(), uint64(line)))
	return err
}

// found returns the function that notes a duplicate with other tags, and the rank of the entry that became the row.
func (o *otherTags) found() func(rank, first int64) error {
	if o == nil {
		return nil
	}
	return o.firsts.set
}

// write lists a duplicate if it has other tags than the entry that became the row. Tags are as they are stored.
func (o *otherTags) write(list int, rank int64, name, tags []byte) error {
	if o == nil {
		return nil
	}
	first, err := o.firsts.at(rank)
	if err != nil || first == 0 {
		return err
	}
	if o.file == nil {
		if err := o.added.Flush(); err != nil {
			return err
		}
		if o.file, err = createJSONLines(o.disk, filepath.Join(o.plan.dir, DuplicatesFile)); err != nil {
			return err
		}
	}
	at, err := o.place(list, rank)
	if err != nil {
		return err
	}
	of, err := o.place(o.plan.listOf(first), first)
	if err != nil {
		return err
	}
	o.plan.count(list, Counts{OtherTags: 1})
	return o.file.json.Encode(DuplicateLine{
		Domain: string(name), List: at.List, Line: at.Line, Tags: o.plan.tags(tags), First: of,
	})
}

func (o *otherTags) place(list int, rank int64) (Place, error) {
	line, err := o.lines.at(rank)
	return Place{List: Printable([]byte(o.plan.Inputs[list].Name)), Line: line}, err
}

// commit completes the file, if there is one, and returns its SHA-256, in hexadecimal.
func (o *otherTags) commit() (sum string, err error) {
	if o == nil {
		return "", nil
	}
	if o.file != nil {
		if sum, err = o.file.commit(); err != nil {
			return "", err
		}
	}
	return sum, errors.Join(o.lines.close(), o.firsts.close())
}

// abort removes what is not finished.
func (o *otherTags) abort() error {
	if o == nil {
		return nil
	}
	err := errors.Join(o.lines.close(), o.firsts.close())
	if o.file != nil {
		err = errors.Join(err, o.file.file.Abort())
	}
	return err
}
