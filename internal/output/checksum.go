package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// The footer of a part has the checksum of the file: the SHA-256 with zeros in its own place. It covers what the
// checksums of pages leave out: their headers, the filters and the footer.

// noChecksum stands in the footer until the file is written.
var noChecksum = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// checksumMark precedes the checksum in the footer: the key, and in Thrift's compact protocol the header of a text
// field and its length.
var checksumMark = append([]byte(keyChecksum), 0x18, byte(len(noChecksum)))

// checksumAt is the offset of the checksum in a footer. It is found without parsing: a damaged footer may have
// lengths that the library believes.
func checksumAt(footer []byte) (at int, ok bool) {
	at = bytes.LastIndex(footer, checksumMark)
	if at += len(checksumMark); at < len(checksumMark) || at+len(noChecksum) > len(footer) {
		return 0, false
	}
	return at, true
}

// putChecksum sets the checksum in the end of a file: the footer and what follows it. before is the hash of all
// octets before.
func putChecksum(end []byte, before hash.Hash) error {
	at, ok := checksumAt(end)
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

// hashPart gives the SHA-256 of a file that checkEnds has accepted, and whether the file has a checksum. A wrong
// checksum is an error that wraps [ErrDamaged].
func hashPart(f io.ReaderAt, size int64) (sum string, checked bool, err error) {
	start, err := footerStart(f, size)
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
	at, ok := checksumAt(end)
	if !ok {
		return sum, false, nil
	}
	says := string(end[at : at+len(noChecksum)])
	copy(end[at:], noChecksum)
	switch is, err := sumWith(before, end); {
	case err != nil:
		return "", false, err
	case is != says:
		return "", false, fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
	}
	return sum, true, nil
}
