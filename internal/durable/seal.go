package durable

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ErrSeal says that a text is not the one that was sealed.
var ErrSeal = errors.New("its checksum is wrong")

// NoSeal is the placeholder in the field checksum of a JSON text, which [Seal] replaces.
var NoSeal = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// sealKey is the field, as json.MarshalIndent writes it.
const sealKey = `"checksum": "`

// WriteSealed is [Disk.WriteFile] for a value as indented JSON, sealed: see [Seal].
func (d Disk) WriteSealed(name string, value any, indent string) error {
	text, err := json.MarshalIndent(value, "", indent)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	text = append(text, '\n')
	Seal(text)
	return d.WriteFile(name, text)
}

// Seal puts the SHA-256 of an indented JSON text into its last field checksum, which must be NoSeal.
func Seal(text []byte) {
	if at, ok := sealAt(text); ok {
		sum := sha256.Sum256(text)
		hex.Encode(text[at:], sum[:])
	}
}

// CheckSeal checks a text that was read. Its error is nil if the checksum is right, or if there is none, as in
// texts of older programs; otherwise it is [ErrSeal].
func CheckSeal(text []byte) error {
	at, ok := sealAt(text)
	if !ok {
		return nil
	}
	text = bytes.Clone(text)
	got := string(text[at : at+len(NoSeal)])
	copy(text[at:], NoSeal)
	if sum := sha256.Sum256(text); got != hex.EncodeToString(sum[:]) {
		return ErrSeal
	}
	return nil
}

// sealAt is the index of the checksum.
func sealAt(text []byte) (at int, ok bool) {
	at = bytes.LastIndex(text, []byte(sealKey))
	if at += len(sealKey); at < len(sealKey) || at+len(NoSeal) > len(text) {
		return 0, false
	}
	return at, true
}
