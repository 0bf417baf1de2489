package durable

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// A sealed text that was changed or cut anywhere, but in the name of the field, fails the check.
func TestSeal(t *testing.T) {
	text, err := json.MarshalIndent(map[string]string{"a": `"checksum": "`, "checksum": NoSeal, "z": "1"}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	Seal(text)
	if err := CheckSeal(text); err != nil {
		t.Fatal(err)
	}
	if err := CheckSeal([]byte("{}\n")); err != nil {
		t.Errorf("no checksum: %v", err)
	}
	at, _ := sealAt(text)
	for n := range text {
		changed := bytes.Clone(text)
		changed[n] ^= 1
		if err := CheckSeal(changed); !errors.Is(err, ErrSeal) && (n < at-len(sealKey) || n >= at) {
			t.Errorf("octet %d changed: %v", n, err)
		}
	}
}
