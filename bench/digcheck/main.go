// Command digcheck compares rows of a scan with the output of dig. It reads the rows from standard input, as JSON lines
// that "stsscan cat" prints. It shares no code with the scanner: it parses dig's text and has its own small
// implementation of RFC 8461, section 3.1.
//
//	stsscan cat DIR | digcheck --server 127.0.0.1 --port 5300 --sample 500
//
// Its exit status is 1 if a row of the sample differs.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// A row holds the columns to compare.
type row struct {
	Domain string   `json:"domain"`
	Record string   `json:"record"`
	Rcode  string   `json:"rcode"`
	TXT    []string `json:"txt"`
	TCP    bool     `json:"tcp"`
}

func main() {
	server := flag.String("server", "127.0.0.1", "`address` of the server")
	port := flag.String("port", "53", "its `port`")
	size := flag.Int("sample", 500, "`number` of rows to compare")
	seed := flag.Uint64("seed", 1, "`seed` that chooses the sample")
	flag.Parse()
	rows, err := read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "digcheck:", err)
		os.Exit(1)
	}
	classes := make(map[string]int)
	for _, r := range rows {
		class := r.Record + "/" + r.Rcode
		if r.TCP {
			class += "/tcp"
		}
		classes[class]++
	}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		fmt.Printf("  %-24s %6d\n", class, classes[class])
	}
	rnd := rand.New(rand.NewPCG(*seed, 0))
	rnd.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	sample := rows[:min(*size, len(rows))]
	differ := compare(sample, func(name string) (string, error) { return dig(*server, *port, name) })
	fmt.Printf("  rows %d, sample %d, differences %d\n", len(rows), len(sample), differ)
	if differ > 0 || len(rows) == 0 {
		os.Exit(1)
	}
}

func read(r io.Reader) (rows []row, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	// The order of parts varies: sort, so that the sample does not.
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Domain, b.Domain) })
	return rows, lines.Err()
}

// compare asks about the rows, eight at a time. It prints and counts those that differ.
func compare(rows []row, ask func(name string) (string, error)) (differ int) {
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := make(chan row)
	for range 8 {
		workers.Go(func() {
			for r := range next {
				want, err := classify("_mta-sts."+r.Domain+".", ask)
				mu.Lock()
				switch {
				case err != nil:
					fmt.Printf("  %s: %v\n", r.Domain, err)
					differ++
				case r.Record != want.Record || !sameRcode(r, want) || !sameTXT(r.TXT, want.TXT):
					fmt.Printf("  %s: the scan says %s %s %q, dig %s %s %q\n",
						r.Domain, r.Record, r.Rcode, r.TXT, want.Record, want.Rcode, want.TXT)
					differ++
				}
				mu.Unlock()
			}
		})
	}
	for _, r := range rows {
		next <- r
	}
	close(next)
	workers.Wait()
	return differ
}

// sameRcode compares rcodes. A server that takes long to fail may say so to one client and leave the other without a
// reply.
func sameRcode(a, b row) bool {
	return a.Rcode == b.Rcode || a.Record == "unknown" && (a.Rcode == "" || b.Rcode == "")
}

// sameTXT compares records without regard to their order.
func sameTXT(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// errSilent says that the server did not reply.
var errSilent = errors.New("no reply")

// dig returns dig's output for one name. dig repeats a truncated answer over TCP by itself.
func dig(server, port, name string) (string, error) {
	out, err := exec.Command("dig", "@"+server, "-p", port, "+bufsize=1232", "+tries=3", "+time=5",
		"+noall", "+comments", "+answer", "+authority", "-t", "TXT", "-q", name).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 9 {
		return "", errSilent // dig(1): no reply from the server
	}
	if err != nil {
		return "", fmt.Errorf("dig %s: %w", name, err)
	}
	return string(out), nil
}
