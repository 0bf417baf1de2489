package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// manifest is run.json, as far as a report tells it.
type manifest struct {
	Run
	SchemaVersion string   `json:"schema_version"`
	From          *lineage `json:"from"`
	Shard         *struct {
		Index int `json:"index"`
		Of    int `json:"of"`
	} `json:"shard"`
	Merged *merged `json:"merged"` // none: not made of the manifests of shards
	Plan   struct {
		SHA256 string `json:"sha256"`
	} `json:"plan"`
	Counts struct {
		Rows int64 `json:"rows"`
	} `json:"counts"`
	Trust struct {
		CrossCheck *CrossCheck `json:"cross_check"`
	} `json:"trust"`
}

// merged says of a manifest which ones of shards it was made of, when these had
// finished. They stay beside it.
type merged struct {
	Shards    int            `json:"shards"`
	Manifests []manifestHash `json:"manifests"`
}

type manifestHash struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// manifestsOf are the manifests of a run: run.json alone where it was merged from
// those of the shards that are there; else all but that one.
func manifestsOf(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(globEscape(dir), "run*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	whole := filepath.Join(dir, "run.json")
	if len(names) < 2 || !slices.Contains(names, whole) {
		return names, nil
	}
	m, err := readManifest(whole)
	if err != nil || m.Merged == nil {
		return names, err
	}
	shards := slices.DeleteFunc(names, func(name string) bool { return name == whole })
	for _, name := range shards {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(data))
		hashed := slices.ContainsFunc(m.Merged.Manifests, func(was manifestHash) bool {
			return was.Name == filepath.Base(name) && was.SHA256 == sum
		})
		if !hashed {
			return shards, nil // a shard was scanned again since
		}
	}
	return []string{whole}, nil
}

func readManifest(name string) (manifest, error) {
	var m manifest
	data, err := os.ReadFile(name)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%s is not the manifest of a run: %w", name, err)
	}
	if m.SchemaVersion != "1" && m.SchemaVersion != "2" {
		return m, fmt.Errorf("%s: its schema is version %q, and this program knows versions 1 and 2", name, m.SchemaVersion)
	}
	return m, nil
}
