// Package descriptors ends a program, with words and exit status 1, that may not even have the descriptors that
// the Go runtime needs for itself: it would throw before main begins, with the stacks of all goroutines, as soon
// as a package that is initialised sets a timer.
//
// It therefore acts in its own initialisation and imports package syscall only: so it is initialised before
// package time, and before whatever imports that (the Go specification, "Program initialization"). Import it for
// that effect.
package descriptors

// Fewest is the number of descriptors that any program can be started with.
const Fewest = 16
