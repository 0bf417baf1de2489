package rundir

import (
	"path"
	"path/filepath"

	"stsscan/internal/domains"
)

// preparedFiles are the files beside the chunks that were prepared, in the order in which they are put: where the plan
// is, the others are, too, if there are any.
func preparedFiles() []string {
	return []string{domains.RejectsFile, domains.DuplicatesFile, domains.EntriesFile, domains.PlanFile}
}

// chunksPrefix begins the path of each chunk in a run directory.
const chunksPrefix = domains.ChunksDir + "/"

// chunkFile is the path of the names of part k, with slashes.
func chunkFile(k int) string { return path.Join(domains.ChunksDir, domains.ChunkName(k)) }

// isHistory reports whether a file keeps what a process has read from the file of exclusions.
func isHistory(name string) bool {
	ok, _ := filepath.Match(domains.HistoryName("*"), name)
	return ok
}
