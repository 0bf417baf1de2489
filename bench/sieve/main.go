// Command sieve asks for the record of each domain of a list and only counts the answers: the part of a scan that is
// resolver.Sweep, alone. The list is held in memory.
//
//	sieve --resolvers 127.0.0.1:5300 list
//
// It prints the counts as a line of JSON; unknown are those without an answer that says yes or no.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"time"

	"stsscan/internal/resolver"
	"stsscan/internal/udpbatch"
)

const typeTXT = 16

// The counts of a run.
type counts struct {
	Names     int64 `json:"names"`
	NXDOMAIN  int64 `json:"nxdomain"`
	NODATA    int64 `json:"nodata"`
	Answered  int64 `json:"answered"` // in another way that succeeded
	Unknown   int64 `json:"unknown"`
	Questions int64 `json:"questions"` // attempts, as the resolver counts them
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sieve:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sieve", flag.ContinueOnError)
	upstreams := flags.String("resolvers", "127.0.0.1:5300", "`addresses` with ports, a comma between them")
	config := resolver.Config{}
	flags.IntVar(&config.InFlight, "in-flight", 4096, "questions in flight")
	flags.IntVar(&config.Lanes, "lanes", 1, "loops, each of which can keep a core busy")
	flags.DurationVar(&config.Timeout, "timeout", 5*time.Second, "of one attempt")
	flags.IntVar(&config.Retries, "retries", 2, "more attempts after the first")
	sockets := flags.String("udp", "auto", "auto, segment, batch or portable")
	profile := flags.String("cpuprofile", "", "write a CPU profile to this `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("one list, not %d", flags.NArg())
	}
	for addr := range strings.SplitSeq(*upstreams, ",") {
		at, err := netip.ParseAddrPort(addr)
		if err != nil {
			return err
		}
		config.Upstreams = append(config.Upstreams, at)
	}
	config.Sockets = udpbatch.Method(*sockets)
	list, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	c, err := sweep(config, string(list))
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(c)
}

// sweep asks for each line of the list.
func sweep(config resolver.Config, list string) (counts, error) {
	r, err := resolver.New(config)
	if err != nil {
		return counts{}, err
	}
	defer r.Close()
	var c counts
	next := func(into []resolver.Question) (n int, more bool) {
		for n < len(into) && list != "" {
			var name string
			name, list, _ = strings.Cut(list, "\n")
			if name == "" {
				continue
			}
			into[n] = resolver.Question{Label: "_mta-sts", Name: name, Type: typeTXT, Tag: c.Names}
			c.Names++
			n++
		}
		return n, list != ""
	}
	yield := func(answers []resolver.Answer) {
		var of [4]int64 // by outcome; lanes yield at the same time
		var questions int64
		for i := range answers {
			a := &answers[i]
			outcome := a.Outcome
			if outcome == resolver.Reply && a.Rcode != 0 && a.Rcode != 3 {
				outcome = resolver.Failed
			}
			of[outcome]++
			questions += int64(a.Trace.Attempts)
		}
		atomic.AddInt64(&c.Unknown, of[resolver.Failed])
		atomic.AddInt64(&c.NXDOMAIN, of[resolver.NXDOMAIN])
		atomic.AddInt64(&c.NODATA, of[resolver.NODATA])
		atomic.AddInt64(&c.Answered, of[resolver.Reply])
		atomic.AddInt64(&c.Questions, questions)
	}
	if err := r.Sweep(context.Background(), next, yield); err != nil {
		return c, err
	}
	if done := c.Unknown + c.NXDOMAIN + c.NODATA + c.Answered; done != c.Names {
		return c, fmt.Errorf("%d answers to %d questions", done, c.Names)
	}
	return c, nil
}
