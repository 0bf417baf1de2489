package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"stsscan/internal/durable"
)

// ErrManifest says that a file has the name of a manifest and is none.
var ErrManifest = errors.New("is not the manifest of a run")

// ReadManifest reads a manifest that [Manifest.Write] wrote. Unknown keys are no error: a newer program may have
// added them. A manifest that was changed since is Altered; where it is none any more, the error wraps
// [ErrManifest].
func ReadManifest(path string) (*Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseManifest(path, data)
}

// ParseManifest is [ReadManifest] for the text of the file path.
func ParseManifest(path string, data []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s %w: %w", path, ErrManifest, withLine(err, data))
	}
	m.Altered, m.Checksum = durable.CheckSeal(data) != nil, ""
	switch err := m.check(path); {
	case err != nil && m.Altered:
		return nil, fmt.Errorf("%s %w: it was changed: %w", path, ErrManifest, err)
	case err != nil:
		return nil, err
	}
	return m, nil
}

// check refuses what cannot be the manifest path.
func (m *Manifest) check(path string) error {
	switch {
	case m.SchemaVersion == "":
		return fmt.Errorf("%s %w: it has no schema_version", path, ErrManifest)
	case !readable(m.SchemaVersion):
		return fmt.Errorf("%s: its schema is version %q, and this program knows versions %s and %s",
			path, m.SchemaVersion, firstVersion, SchemaVersion)
	case !slices.Contains(Statuses(), m.Status):
		return fmt.Errorf("%s: status %q is unknown", path, m.Status)
	case m.Merged != nil && (m.Merged.Shards < 2 || m.Shard != nil):
		return fmt.Errorf("%s: it cannot be merged from %d shards", path, m.Merged.Shards)
	case m.Shard != nil && (m.Shard.Index < 0 || m.Shard.Index >= m.Shard.Of):
		return fmt.Errorf("%s: there is no shard %d of %d", path, m.Shard.Index, m.Shard.Of)
	case m.Name() != filepath.Base(path):
		return fmt.Errorf("%s says that its name is %s", path, m.Name())
	}
	return nil
}

// withLine adds the line to an error of package json.
func withLine(err error, data []byte) error {
	var offset int64
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = e.Offset
	} else {
		return err
	}
	line := 1 + strings.Count(string(data[:min(offset, int64(len(data)))]), "\n")
	return fmt.Errorf("line %d: %w", line, err)
}

const nameRun = "name a directory that a scan wrote (-o)"

// ReadManifests reads the manifests in the directory dir, one at least: that of the run, or those of its shards in
// order. Where they were merged, and none was written since, that is the manifest of the run.
func ReadManifests(dir string) ([]*Manifest, error) {
	shards, merged, err := ReadShardManifests(dir)
	if err != nil || merged == nil {
		return shards, err
	}
	current, err := merged.CurrentIn(dir, shards)
	if err != nil {
		return nil, err
	}
	if current {
		return []*Manifest{merged}, nil
	}
	return shards, nil
}

// CurrentIn reports whether the manifest was merged from those of the shards in the directory dir, as they are now.
func (m *Manifest) CurrentIn(dir string, shards []*Manifest) (bool, error) {
	if shards == nil || m.Altered {
		return shards == nil, nil
	}
	var names []string
	for _, shard := range shards {
		names = append(names, shard.Name())
	}
	return m.Merged.Matches(dir, names)
}

// ReadShardManifests reads all manifests in the directory dir, one at least: that of a run without shards, or those of
// shards in order, and the one that was merged from them, however they have changed since; nil: there is none.
func ReadShardManifests(dir string) (shards []*Manifest, merged *Manifest, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil, fmt.Errorf("%w: %s", err, nameRun)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		if _, ok := ManifestShard(entry.Name()); !ok {
			continue
		}
		m, err := ReadManifest(filepath.Join(dir, entry.Name()))
		switch {
		case err != nil:
			return nil, nil, err
		case m.Merged != nil:
			merged = m
		default:
			shards = append(shards, m)
		}
	}
	if shards == nil && merged == nil {
		return nil, nil, fmt.Errorf("%s: no run.json: %w: %s", dir, fs.ErrNotExist, nameRun)
	}
	slices.SortFunc(shards, func(a, b *Manifest) int {
		if a.Shard == nil || b.Shard == nil {
			return strings.Compare(a.Name(), b.Name())
		}
		return a.Shard.Index - b.Shard.Index
	})
	return shards, merged, nil
}

// ManifestsIn are the names of the manifests in a directory, by their number of shards. One that was merged from
// shards is among theirs.
func ManifestsIn(dir string) (map[int][]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make(map[int][]string)
	for _, entry := range entries {
		shard, ok := ManifestShard(entry.Name())
		if !ok {
			continue
		}
		of := shard.Number()
		if shard == nil {
			m, err := ReadManifest(filepath.Join(dir, entry.Name()))
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue // a shard has taken it back this moment
			case err == nil && m.Merged != nil: // one that cannot be read is for others to judge
				of = m.Merged.Shards
			}
		}
		names[of] = append(names[of], entry.Name())
	}
	return names, nil
}
