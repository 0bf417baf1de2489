//go:build !race

package pipeline

// raceDetector says that times and sizes are not those of the program.
const raceDetector = false
