// Command names prints domain names for benchmarks, one a line. They are distinct and registrable, and their label
// lengths and top-level domains are like those of surveyed zones. The same flags always print the same names, and a
// longer list begins with the shorter one.
//
//	go run ./bench/names -n 1000000 > list
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	n := flag.Uint64("n", 1_000_000, "`number` of names")
	seed := flag.Uint64("seed", 1, "`seed` that chooses the names")
	suffix := flag.String("suffix", "", "append this `text` to each name, such as \" TXT\" for dnsperf")
	prefix := flag.String("prefix", "", "put this `text` before each name, such as _mta-sts.")
	flag.Parse()
	if err := write(os.Stdout, *seed, *n, *prefix, *suffix); err != nil {
		fmt.Fprintln(os.Stderr, "names:", err)
		os.Exit(1)
	}
}

// write writes the first n names of a seed.
func write(w io.Writer, seed, n uint64, prefix, suffix string) error {
	out := bufio.NewWriterSize(w, 1<<18)
	g := newGenerator(seed)
	var line []byte
	for i := range n {
		line = append(line[:0], prefix...)
		line = g.appendName(line, i)
		line = append(line, suffix...)
		line = append(line, '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}
