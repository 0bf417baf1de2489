// Command relay stands between a DNS server and those who ask it, and does to
// packets what networks do to them, and what strangers do who want to be
// believed:
//
//	relay --to 127.0.0.1:5300 --loss 0.2 --forge 0.05 --seed 1
//	relay --to 127.0.0.1:5300 --slow 5s
//
// With --slow it plays a resolver that waits for slow servers: see pace.
//
// It prints the address on which it listens, over UDP and TCP; then it reads
// words from standard input: refuse (every question is answered REFUSED), silent
// (no question is answered), serve (as at the beginning). When it is interrupted
// or terminated it prints as a line of JSON what it has done. TCP is passed on
// as it comes. Replies are not looked into: it suits any server.
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

// faults are what befalls packets, as shares of the questions, and how slow the
// resolver is.
type faults struct {
	loss      float64       // its question is lost, or its reply, as often one as the other
	delay     float64       // its reply comes later, by up to late
	late      time.Duration // as long as a time-out, that it may come too late too
	duplicate float64       // its reply comes twice
	reorder   float64       // its reply comes behind later ones
	corrupt   float64       // its reply is damaged, where that can be seen: see corrupted
	forge     float64       // somebody else answers it first: see lie
	slow      time.Duration // the unit of time of a slow resolver: see pace
}

func main() {
	var f faults
	listen := flag.String("listen", "127.0.0.1:0", "`address` for UDP and TCP; port 0 is one that the system chooses")
	to := flag.String("to", "", "`address` of the server")
	seed := flag.Uint64("seed", 1, "of the dice")
	flag.Float64Var(&f.loss, "loss", 0, "`share` of the questions that are lost, or their replies")
	flag.Float64Var(&f.delay, "delay", 0, "`share` of the replies that come later")
	flag.DurationVar(&f.late, "late", time.Second, "most `time` by which they do")
	flag.Float64Var(&f.duplicate, "duplicate", 0, "`share` of the replies that come twice")
	flag.Float64Var(&f.reorder, "reorder", 0, "`share` of the replies that come behind later ones")
	flag.Float64Var(&f.corrupt, "corrupt", 0, "`share` of the replies that are damaged")
	flag.Float64Var(&f.forge, "forge", 0, "`share` of the questions that somebody else answers too")
	flag.DurationVar(&f.slow, "slow", 0, "be a slow resolver: one question in ten takes longer than this `time`, "+
		"one in a hundred longer than three times that, none four times; afterwards its answer is known")
	flag.Parse()

	r, err := open(*listen, *to, f, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
	fmt.Println(r.addr())
	go obey(os.Stdin, r)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	<-interrupts
	r.close()
	_ = json.NewEncoder(os.Stdout).Encode(r.counts())
}

// obey does what the words say, until there are no more.
func obey(words io.Reader, r *relay) {
	lines := bufio.NewScanner(words)
	for lines.Scan() {
		if err := r.turn(mode(lines.Text())); err != nil {
			fmt.Fprintln(os.Stderr, "relay:", err)
		}
	}
}

// open listens for questions, and is ready to ask the server.
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
		if tries == 10 || !errors.Is(err, syscall.EADDRINUSE) { // what was free for UDP was taken for TCP
			return nil, err
		}
	}
	r.serve()
	return r, nil
}
