//go:build race

package survey

// raceDetector says that times and sizes are not those of the program.
const raceDetector = true
