package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"stsscan/internal/durable"
)

// ShardsFile is the name of the file in a run directory that has the number of shards and the identity of the run.
// The first process claims it before it does anything else, and no process scans with another one.
const ShardsFile = "shards.json"

// Shards is what a [ShardsFile] says. The zero Shards stands for no file.
type Shards struct {
	Number   int    `json:"shards"`             // 1: one machine does it all
	Run      string `json:"run,omitempty"`      // Identity.Run of all shards
	Prepared bool   `json:"prepared,omitempty"` // the number is that of stsscan prepare, and no scan changes it
	Checksum string `json:"checksum"`           // of the file: see durable.Seal
}

// ReadShards reads the [ShardsFile] of the directory dir. The error wraps [ErrShards] where the file was changed.
func ReadShards(dir string) (Shards, error) {
	path := filepath.Join(dir, ShardsFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Shards{}, nil
	}
	if err != nil {
		return Shards{}, err
	}
	return ParseShards(path, data)
}

// ParseShards is [ReadShards] for the text of the file path.
func ParseShards(path string, data []byte) (Shards, error) {
	var f Shards
	err := json.Unmarshal(data, &f)
	if sealed := durable.CheckSeal(data); sealed != nil || err != nil || f.Number < 1 || f.Checksum == "" {
		return Shards{}, fmt.Errorf("%s: %w", path, ErrShards)
	}
	f.Checksum = "" // belongs to the file
	return f, nil
}

// ErrShards says that a [ShardsFile] was changed after it was written.
var ErrShards = errors.New("it is not as it was written")

// WriteShards writes the file, whole or not at all.
func WriteShards(disk durable.Disk, dir string, shards Shards) error {
	shards.Checksum = durable.NoSeal
	return disk.WriteSealed(filepath.Join(dir, ShardsFile), shards, "  ")
}
