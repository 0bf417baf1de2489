// Command relay stands between a DNS server and its clients. It treats packets as bad networks do, and forges replies
// as attackers do:
//
//	relay --to 127.0.0.1:5300 --loss 0.2 --forge 0.05 --seed 1
//	relay --to 127.0.0.1:5300 --slow 5s
//
// With --slow it plays a resolver that waits for slow servers: see slowResolver.
//
// It prints its address, which is the same for UDP and TCP. Then it reads modes from standard input, one a line: refuse
// (answer REFUSED), silent (answer nothing), serve (pass questions on, as at the start). When it is interrupted or
// terminated, it prints its counts as a line of JSON. It passes TCP on unchanged. It does not read replies, so any
// server will do.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// faults are what happens to packets, as shares of the questions, and how slow the resolver is.
type faults struct {
	loss      float64       // the question or its reply is lost, each as often
	delay     float64       // the reply comes later, by up to maxDelay
	maxDelay  time.Duration // the length of a timeout lets some replies come too late
	duplicate float64       // the reply comes twice
	reorder   float64       // the reply comes after later ones
	corrupt   float64       // the reply is visibly damaged: see corrupt
	forge     float64       // a forged reply comes first: see sendForged
	slow      time.Duration // the unit of time of a slow resolver: see slowResolver
}

func main() {
	var f faults
	listen := flag.String("listen", "127.0.0.1:0", "`address` for UDP and TCP; with port 0 the system chooses")
	to := flag.String("to", "", "`address` of the server")
	seed := flag.Uint64("seed", 1, "`seed` of the random faults")
	flag.Float64Var(&f.loss, "loss", 0, "`share` of the questions to lose, or their replies")
	flag.Float64Var(&f.delay, "delay", 0, "`share` of the replies to delay")
	flag.DurationVar(&f.maxDelay, "late", time.Second, "longest `time` that --delay adds")
	flag.Float64Var(&f.duplicate, "duplicate", 0, "`share` of the replies to send twice")
	flag.Float64Var(&f.reorder, "reorder", 0, "`share` of the replies to send after later ones")
	flag.Float64Var(&f.corrupt, "corrupt", 0, "`share` of the replies to damage")
	flag.Float64Var(&f.forge, "forge", 0, "`share` of the questions to answer with a forged reply too")
	flag.DurationVar(&f.slow, "slow", 0, "be a slow resolver: one question in ten takes longer than this `time`, "+
		"one in a hundred longer than three times that, none four times; each only until it is first answered")
	flag.Parse()

	r, err := open(*listen, *to, f, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
	fmt.Println(r.addr())
	go readModes(os.Stdin, r)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	<-interrupts
	r.close()
	_ = json.NewEncoder(os.Stdout).Encode(r.counts)
}

// readModes sets the mode that each line names, until in ends.
func readModes(in io.Reader, r *relay) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := r.setMode(mode(lines.Text())); err != nil {
			fmt.Fprintln(os.Stderr, "relay:", err)
		}
	}
}

// open starts a relay that listens at an address and asks a server.
func open(listen, to string, f faults, seed uint64) (*relay, error) {
	server, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		return nil, err
	}
	r := newRelay(server.AddrPort(), f, seed)
	for tries := 0; ; tries++ {
		if err = r.listen(listen); err == nil {
			break
		}
		r.close()
		if tries == 10 || !errors.Is(err, syscall.EADDRINUSE) { // the port was free for UDP but not for TCP
			return nil, err
		}
	}
	r.serve()
	return r, nil
}
