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

// ShardsFile is the name of the file in a run directory that has the number of shards. The first process claims it
// before it does anything else, and no process scans with another one.
const ShardsFile = "shards.json"

type shardsFile struct {
	Shards   int    `json:"shards"`   // 1: one machine does it all
	Checksum string `json:"checksum"` // of the file: see durable.Seal
}

// ReadShards is the number in the [ShardsFile] of the directory dir; 0: there is no file. The error wraps
// [ErrShards] where the file was changed.
func ReadShards(dir string) (int, error) {
	path := filepath.Join(dir, ShardsFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var f shardsFile
	err = json.Unmarshal(data, &f)
	if sealed := durable.CheckSeal(data); sealed != nil || err != nil || f.Shards < 1 || f.Checksum == "" {
		return 0, fmt.Errorf("%s: %w", path, ErrShards)
	}
	return f.Shards, nil
}

// ErrShards says that a [ShardsFile] was changed after it was written.
var ErrShards = errors.New("it is not as it was written")

// WriteShards writes the file, whole or not at all.
func WriteShards(disk durable.Disk, dir string, shards int) error {
	return disk.WriteSealed(filepath.Join(dir, ShardsFile), shardsFile{shards, durable.NoSeal}, "  ")
}
