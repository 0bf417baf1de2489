package output

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"
)

// RunIn is the Identity.Run of the run in the directory dir, by its manifests, its claim or one of its parts. Where
// none says so, the run begins now. Those of several runs are in order of time. It is an error if manifests and claim
// are of several runs: the parts may be those of either.
func RunIn(dir string, manifests []string, claimed Shards, now time.Time) (string, error) {
	run, by := claimed.Run, ShardsFile
	for _, name := range manifests {
		m, err := ReadManifest(filepath.Join(dir, name))
		if err != nil || m.Altered || m.Run == "" {
			continue
		}
		if run != "" && m.Run != run {
			return "", fmt.Errorf("%s: %s is of run %s, and %s of run %s: remove the one that is not of this directory",
				dir, name, m.Run, by, run)
		}
		run, by = m.Run, name
	}
	if run != "" {
		return run, nil
	}
	paths, err := PartPaths(dir)
	for _, path := range paths {
		if info, err := ReadPartInfo(path); err == nil && info.Run != "" {
			return info.Run, nil
		}
	}
	var octets [4]byte
	rand.Read(octets[:]) // it never fails
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(octets[:]), err
}

// OtherVersion finds a file in the directory dir that is not of [SchemaVersion]: one of its manifests or, where none of
// them can be read, the first part that can. path is "" if there is none.
func OtherVersion(dir string, manifests []string) (path, version string, err error) {
	read := false
	for _, name := range manifests {
		m, err := ReadManifest(filepath.Join(dir, name))
		if err == nil && m.SchemaVersion != SchemaVersion {
			return filepath.Join(dir, name), m.SchemaVersion, nil
		}
		read = read || err == nil
	}
	paths, err := PartPaths(dir)
	for i := 0; i < len(paths) && !read; i++ {
		info, err := ReadPartInfo(paths[i])
		if err == nil && info.version != SchemaVersion {
			return paths[i], info.version, nil
		}
		read = err == nil
	}
	return "", "", err
}
