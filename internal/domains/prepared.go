package domains

import (
	"path"
	"path/filepath"
)

// PlanFile is the name of the plan in the run directory. Where it is, all that [Prepare] makes was made.
const PlanFile = planFile

// PreparedFiles are the names of the files that [Prepare] leaves beside the chunks, in the order in which they are
// written; the plan is the last one. Some of them may not be there.
func PreparedFiles() []string { return []string{RejectsFile, DuplicatesFile, entriesFile, PlanFile} }

// NeededFiles are those of [PreparedFiles] without which the names cannot be read.
func NeededFiles() []string { return []string{entriesFile, PlanFile} }

// ChunksPrefix begins the path of each chunk in the run directory.
const ChunksPrefix = chunksDir + "/"

// ChunkFile is the path of the names of part k in the run directory, with slashes.
func ChunkFile(k int) string { return path.Join(chunksDir, chunkName(k)) }

// HistoryFile is the name of the history of exclusions that [ExclusionFile.Follow] keeps under a name.
func HistoryFile(name string) string { return historyName(name) }

// IsHistory reports whether a file has the name of such a history.
func IsHistory(file string) bool {
	ok, _ := filepath.Match(historyName("*"), file)
	return ok
}
