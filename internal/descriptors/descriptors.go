// Package descriptors ends a program, with a message and exit status 1, that may have fewer descriptors than the
// Go runtime needs. Otherwise the runtime would throw before main begins, with the stacks of all goroutines, as
// soon as the initialisation of a package sets a timer.
//
// The package acts in its own initialisation and imports only package syscall, so that it is initialised before
// package time and everything that imports that (the Go specification, "Program initialization"). Import it for
// that effect.
package descriptors

// Fewest is the least number of descriptors that a program can start with.
const Fewest = 16
