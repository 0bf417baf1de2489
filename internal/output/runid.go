package output

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"time"
)

// RunIn is the Identity.Run of the run in the directory dir, by one of its manifests, its claim or one of its parts.
// Where none says so, the run begins now. Those of several runs are in order of time.
func RunIn(dir string, manifests []string, claimed Shards, now time.Time) (string, error) {
	for _, name := range manifests {
		if m, err := ReadManifest(filepath.Join(dir, name)); err == nil && !m.Altered && m.Run != "" {
			return m.Run, nil
		}
	}
	if claimed.Run != "" {
		return claimed.Run, nil
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
