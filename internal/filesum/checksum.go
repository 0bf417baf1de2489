package filesum

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Key is the key of the checksum in the metadata of the footer.
const Key = "stsscan.checksum"

// None stands in the footer until the file is written: as many zeros as a SHA-256 has digits.
const None = "0000000000000000000000000000000000000000000000000000000000000000"

// mark precedes the checksum in the footer: the key, and in Thrift's compact protocol the header of a text
// field and its length.
var mark = append([]byte(Key), 0x18, byte(len(None)))

// At is the offset of the checksum in a footer. It is found without parsing: a damaged footer may have
// lengths that the library believes.
func At(footer []byte) (at int, ok bool) {
	at = bytes.LastIndex(footer, mark)
	if at += len(mark); at < len(mark) || at+len(None) > len(footer) {
		return 0, false
	}
	return at, true
}

// Put sets the checksum in the end of a file: the footer and what follows it. before is the hash of all
// octets before.
func Put(end []byte, before hash.Hash) error {
	at, ok := At(end)
	if !ok {
		return errors.New("the footer has no place for its checksum")
	}
	sum, err := sumWith(before, end)
	if err != nil {
		return err
	}
	copy(end[at:], sum)
	return nil
}

// sumWith is the SHA-256 of the octets before the end and of the end, in hexadecimal.
func sumWith(before hash.Hash, end []byte) (string, error) {
	all, err := before.(hash.Cloner).Clone()
	if err != nil {
		return "", err
	}
	all.Write(end)
	return hex.EncodeToString(all.Sum(nil)), nil
}

// Hash gives the SHA-256 of a file that CheckEnds has accepted, and whether the file has a checksum. A wrong
// checksum is an error that wraps [ErrDamaged].
func Hash(f io.ReaderAt, size int64) (sum string, checked bool, err error) {
	start, err := FooterStart(f, size)
	if err != nil {
		return "", false, err
	}
	before := sha256.New()
	if _, err := io.Copy(before, io.NewSectionReader(f, 0, start)); err != nil {
		return "", false, err
	}
	end := make([]byte, size-start)
	if _, err := f.ReadAt(end, start); err != nil {
		return "", false, err
	}
	if sum, err = sumWith(before, end); err != nil {
		return "", false, err
	}
	at, ok := At(end)
	if !ok {
		return sum, false, nil
	}
	says := string(end[at : at+len(None)])
	copy(end[at:], None)
	switch is, err := sumWith(before, end); {
	case err != nil:
		return "", false, err
	case is != says:
		return "", false, fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
	}
	return sum, true, nil
}
