package main

import (
	"strings"
	"testing"
	"time"
)

func TestNewHost(t *testing.T) {
	for words, says := range map[string]string{
		"silent":     "",
		"banner":     "",
		"header=8s":  "no certificate",
		"h2":         "no certificate",
		"length":     "no certificate",
		"silent yes": `unknown word "yes"`,
	} {
		_, err := newHost("-", strings.Fields(words))
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", words, err, says)
		}
	}
	h := new(host)
	for _, word := range []string{"handshake=8s", "body=25s", "abrupt"} {
		if err := h.set(word); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.set("header=8"); err == nil {
		t.Error("a time without a unit is accepted")
	}
	if h.handshake != 8*time.Second || h.header != 0 || h.body != 25*time.Second || !h.abrupt {
		t.Errorf("%+v", h)
	}
}
