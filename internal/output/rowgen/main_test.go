package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The file is what the tags of the columns say now.
func TestGenerated(t *testing.T) {
	want, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", output))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what row.go and mxhost.go say: go generate ./internal/output", output)
	}
}
