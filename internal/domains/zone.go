package domains

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// A zoneReader reads the owner names of NS records from a zone file (RFC 1035, section 5.1). It refuses $INCLUDE,
// which opens files, and $GENERATE, which makes thousands of records out of one line.
type zoneReader struct {
	scan   zoneScanner
	skips  int64
	origin []byte // without the final dot; nil: none yet
	owner  []byte // of the last record, absolute, without the final dot
	reason Reason // why the owner is no name: too long, or wrongly escaped
	apex   []byte // owner of the first SOA record
	last   []byte // owner of the last NS record
	listed bool   // there was an NS record
}

func newZoneReader(r *bufio.Reader) *zoneReader { return &zoneReader{scan: zoneScanner{r: r}} }

func (z *zoneReader) line() int64    { return z.scan.begin }
func (z *zoneReader) skipped() int64 { return z.skips }

func (z *zoneReader) next(e *Entry) error {
	for {
		head, err := z.scan.record()
		if err != nil {
			return err
		}
		isNS, err := z.read(head)
		if err != nil {
			return err
		}
		if !isNS || z.listed && bytes.EqualFold(z.owner, z.last) {
			z.skips++
			continue
		}
		z.last, z.listed = append(z.last[:0], z.owner...), true
		e.Line, e.Text = z.scan.begin, z.owner
		switch {
		case z.reason != "":
			e.Reason = z.reason
		case z.apex != nil && bytes.EqualFold(z.owner, z.apex):
			e.Reason = ReasonZoneApex
		}
		return nil
	}
}

// read reads the first tokens of a record or a directive.
func (z *zoneReader) read(head [][]byte) (isNS bool, err error) {
	if len(head) == 0 {
		return false, nil // a blank line or a comment
	}
	if !z.scan.indented && head[0][0] == '$' {
		return false, z.directive(head)
	}
	var written []byte // the owner, if the record has its own
	if !z.scan.indented {
		written, head = head[0], head[1:]
	}
	internet := true
	for i := 0; i < 2 && len(head) > 0; i++ {
		if isClass(head[0]) {
			internet = isWord(head[0], "IN") || isWord(head[0], "CLASS1")
		} else if !isTTL(head[0]) {
			break
		}
		head = head[1:]
	}
	if len(head) == 0 {
		return false, errors.New("zone record without a type")
	}
	isNS = isWord(head[0], "NS") || isWord(head[0], "TYPE2")
	isSOA := isWord(head[0], "SOA") || isWord(head[0], "TYPE6")
	if written != nil {
		if err := z.setOwner(written); err != nil {
			return false, err
		}
	} else if z.owner == nil {
		return false, errors.New("zone record without an owner name")
	}
	if !internet {
		return false, nil
	}
	if isSOA && z.apex == nil {
		z.apex = append([]byte{}, z.owner...)
	}
	return isNS, nil
}

// directive obeys $ORIGIN, ignores $TTL and refuses any other.
func (z *zoneReader) directive(head [][]byte) error {
	switch name := strings.ToUpper(string(head[0])); name {
	case "$TTL":
		return nil
	case "$ORIGIN":
		if len(head) < 2 {
			return errors.New("$ORIGIN without a name")
		}
		origin, reason, err := absoluteName([]byte{}, head[1], z.origin)
		if err != nil {
			return err
		}
		if reason != "" {
			return errors.New("$ORIGIN with " + reason.Text())
		}
		z.origin = origin
		return nil
	case "$INCLUDE", "$GENERATE":
		return fmt.Errorf("%s is refused: expand the zone first", name)
	}
	return fmt.Errorf("unknown zone directive %q", shown(head[0]))
}

func (z *zoneReader) setOwner(written []byte) (err error) {
	if z.scan.cut {
		z.owner, z.reason = append(z.owner[:0], written...), ReasonTooLong
		return nil
	}
	z.owner, z.reason, err = absoluteName(z.owner[:0], written, z.origin)
	return err
}

// isTTL says whether a token is a time in seconds, or with BIND's units.
func isTTL(token []byte) bool {
	for _, c := range token {
		if (c < '0' || c > '9') && strings.IndexByte("smhdwSMHDW", c) < 0 {
			return false
		}
	}
	return len(token) > 0 && '0' <= token[0] && token[0] <= '9'
}

// isClass says whether a token is a class (RFC 1035, section 3.2.4, and RFC 3597, section 5).
func isClass(token []byte) bool {
	for _, class := range [...]string{"IN", "CH", "HS", "CS"} {
		if isWord(token, class) {
			return true
		}
	}
	return len(token) > 5 && isWord(token[:5], "CLASS") && isDigits(token[5:])
}

// isWord compares without regard to case.
func isWord(token []byte, word string) bool {
	return len(token) == len(word) && bytes.EqualFold(token, []byte(word))
}
