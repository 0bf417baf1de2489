package durable

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// ErrSeal says that a text is not the one that was sealed.
var ErrSeal = errors.New("its checksum is wrong")

// NoSeal is the value that stands in the field checksum of a JSON text until
// [Seal] puts the checksum in its place.
var NoSeal = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// sealKey is the field, as json.MarshalIndent writes it.
const sealKey = `"checksum": "`

// Seal puts into the last field checksum of an indented JSON text, which must be NoSeal, the SHA-256 of the text.
func Seal(text []byte) {
	if at, ok := sealAt(text); ok {
		sum := sha256.Sum256(text)
		hex.Encode(text[at:], sum[:])
	}
}

// CheckSeal judges a text that was read: nil where it has no checksum, as one of
// an older program, or the right one, and [ErrSeal] otherwise.
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

// sealAt is where the checksum stands.
func sealAt(text []byte) (at int, ok bool) {
	at = bytes.LastIndex(text, []byte(sealKey))
	if at += len(sealKey); at < len(sealKey) || at+len(NoSeal) > len(text) {
		return 0, false
	}
	return at, true
}
