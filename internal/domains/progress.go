package domains

// A Stage is a step of [Prepare].
type Stage string

// The stages, in order. A run directory that was prepared before has StageCheck, and StageRead again, since the
// lists must be the same.
const (
	StageCheck   Stage = "checking what was prepared" // in parts
	StageWait    Stage = "waiting for another process that prepares the lists"
	StageRead    Stage = "reading the lists" // in octets, as they are stored
	StageRepeats Stage = "finding repeats"
	StageWrite   Stage = "writing parts" // in parts
)

// A Progress says how far [Prepare] has come.
type Progress struct {
	Stage   Stage
	Done    int64 // octets or parts
	Total   int64 // of them; 0: unknown, as with standard input
	Entries int64 // of the lists so far; 0 before they are read
}

// reportEvery is the most entries between two reports: decompressed text goes on after the last octet was read.
const reportEvery = 1 << 16
