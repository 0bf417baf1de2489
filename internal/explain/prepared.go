package explain

import (
	"fmt"
	"io"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// Prepared is what is said of lists that were prepared, and what to do next.
type Prepared struct {
	Dir     string
	Store   string // its location; "": there is none
	Plan    *domains.Plan
	Inputs  []output.Input // of the plan
	Shards  int
	Rejects []domains.RejectLine // the first of each reason, as far as they are known
	Width   int                  // columns of the terminal
}

// Write writes it as a table for people.
func (p Prepared) Write(w io.Writer) error {
	store := ""
	if p.Store != "" {
		store = " --store " + p.Store
	}
	next := fmt.Sprintf("scan it with: stsscan scan -o %s%s", p.Dir, store)
	if p.Shards > 1 {
		next = fmt.Sprintf("scan it in %s shards, each with stsscan scan -o %s%s --shard I/%d, "+
			"then: stsscan finish%[3]s %[2]s", output.Grouped(int64(p.Shards)), p.Dir, store, p.Shards)
	}
	text := fmt.Sprintf("prepared: %s domains in %s parts; %s",
		output.Grouped(p.Plan.Names), output.Grouped(int64(p.Plan.Parts)), next)
	var table figures
	m := &output.Manifest{Inputs: p.Inputs, Counts: output.Counts{Rows: p.Plan.Names}}
	addLists(&table, m, p.Rejects)
	beginning := strings.Join(broken(printable(text), max(p.Width, leastWidth)-2), "\n  ")
	_, err := fmt.Fprintf(w, "%s\n%s", beginning, table.text(p.Width))
	return err
}
