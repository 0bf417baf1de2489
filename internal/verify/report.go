package verify

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// A Report is the result of checking a run directory.
type Report struct {
	Entries, Rejected, Excluded, Duplicates, Names int64 // of all inputs, by the manifest

	Parts  int           // part files that were read
	Rows   int64         // in them
	Counts output.Counts // of them

	ExcludedLate int64 // names without a row in these parts, excluded after they were prepared

	Problems int64     // number of them
	Examples []Problem // the first of them

	Compared    int64     // rows that were compared with the truth
	Differ      int64     // of these, rows that differ from it
	Differences []Problem // the first of them

	Incomplete bool     // the run is not finished
	Missing    []string // what is missing, in words
	Notes      []string // what could not be checked, in words
}

// A Problem is something that is wrong.
type Problem struct {
	File   string // name of the file in the run directory; "": the whole run
	Rank   int64  // of the row; 0: the problem is not about a row
	Domain string // of the row
	What   string
}

func (p Problem) String() string {
	switch {
	case p.Rank != 0:
		return fmt.Sprintf("%s: rank %d, %s: %s", p.File, p.Rank, domains.Printable([]byte(p.Domain)), p.What)
	case p.File != "":
		return p.File + ": " + p.What
	}
	return p.What
}

func (r *Report) add(in output.Input) {
	r.Entries += in.Entries
	r.Rejected += in.Rejected
	r.Excluded += in.Excluded
	r.Duplicates += in.Duplicates
	r.Names += in.Names
}

// note records what could not be checked.
func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Write writes the report for people.
func (r *Report) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "entries   %d = %d rejected + %d excluded + %d duplicates + %d names\n", r.Entries, r.Rejected,
		r.Excluded, r.Duplicates, r.Names)
	fmt.Fprintf(b, "rows      %d in %d parts\n", r.Rows, r.Parts)
	if r.ExcludedLate > 0 {
		fmt.Fprintf(b, "late      %d names were excluded after the run began, and have no row\n", r.ExcludedLate)
	}
	for _, text := range r.Missing {
		fmt.Fprintf(b, "missing   %s\n", text)
	}
	for _, text := range r.Notes {
		fmt.Fprintf(b, "note      %s\n", text)
	}
	fmt.Fprintf(b, "problems  %d\n", r.Problems)
	list(b, r.Examples, r.Problems)
	if r.Compared > 0 {
		fmt.Fprintf(b, "truth     %d rows compared, %d differ\n", r.Compared, r.Differ)
		list(b, r.Differences, r.Differ)
	}
	return b.Flush()
}

// list writes the examples of n problems.
func list(w io.Writer, examples []Problem, n int64) {
	for _, p := range examples {
		fmt.Fprintf(w, "          %s\n", p)
	}
	if more := n - int64(len(examples)); more > 0 {
		fmt.Fprintf(w, "          and %d more\n", more)
	}
}

// discrepancies describe where a row does not follow from its evidence.
type discrepancies []string

func (o *discrepancies) want(ok bool, format string, args ...any) {
	if !ok {
		*o = append(*o, fmt.Sprintf(format, args...))
	}
}

func (o *discrepancies) equal(column, got, want string) {
	o.want(got == want, "%s is %s, and the evidence says %s", column, quoted(got), quoted(want))
}

// null stands for NULL in texts for people.
const null = "NULL"

func number(n *int64) string {
	if n == nil {
		return null
	}
	return strconv.FormatInt(*n, 10)
}

func truth(b *bool) string {
	if b == nil {
		return null
	}
	return strconv.FormatBool(*b)
}

// quoted is the value of a text column, for people.
func quoted(s string) string {
	if s == "" {
		return null
	}
	return fmt.Sprintf("%+q", s)
}
