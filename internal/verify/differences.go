package verify

import (
	"fmt"
	"slices"
)

// differences collects where a row differs from the truth, in words.
type differences struct {
	complete bool // what is empty in the truth must be NULL in the row
	words    []string
}

// text compares texts; an empty text stands for NULL.
func (d *differences) text(column, got, want string) {
	if got != want && (want != "" || d.complete) {
		d.add(column, quoted(got), quoted(want))
	}
}

// plain compares values that need no quotes.
func (d *differences) plain(column, got, want string) {
	if got != want && (want != null || d.complete) {
		d.add(column, got, want)
	}
}

// list compares lists; an empty list stands for NULL.
func (d *differences) list(column string, got, want []string) {
	if !slices.Equal(got, want) && (len(want) > 0 || d.complete) {
		d.add(column, fmt.Sprintf("%+q", got), fmt.Sprintf("%+q", want))
	}
}

func (d *differences) add(column, got, want string) {
	d.words = append(d.words, fmt.Sprintf("%s: got %s, want %s", column, got, want))
}
