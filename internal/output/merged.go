package output

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Merged says what the manifest of a whole run was made from: the manifests of its shards, which stay beside it.
type Merged struct {
	Shards    int            `json:"shards"`            // of the run
	Manifests []ManifestHash `json:"manifests"`         // of the shards, in order
	Differs   []string       `json:"differs,omitempty"` // in what the shards differ: flags, program, roots, in words

	// ProbedBySeveral is the number of mail servers that were probed in several shards, each of which probes a
	// server once.
	ProbedBySeveral int64 `json:"probed_by_several"`
}

// A ManifestHash is a manifest as it was read.
type ManifestHash struct {
	Name   string `json:"name"`   // of the file
	SHA256 string `json:"sha256"` // of its octets, in hexadecimal
}

// HashManifest gives the name and the hash of a manifest in the directory dir.
func HashManifest(dir, name string) (ManifestHash, error) {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ManifestHash{}, err
	}
	sum := sha256.Sum256(data)
	return ManifestHash{Name: name, SHA256: hex.EncodeToString(sum[:])}, nil
}

// Matches reports whether the manifests with these names in the directory dir are those that were merged. A shard whose
// manifest is gone takes nothing back.
func (m *Merged) Matches(dir string, names []string) (bool, error) {
	for _, name := range names {
		hash, err := HashManifest(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !slices.Contains(m.Manifests, hash) {
			return false, err
		}
	}
	return true, nil
}
